import { ConfigError } from "../../core/error.ts";

/** A database and the schema in it that is ours, and how it is reached. */
export interface PostgresLocation {
  kind: "postgres";
  /** A name, or the folder of a socket. */
  host: string;
  port: number;
  /** That of this process if empty. */
  user: string;
  password: string;
  database: string;
  schema: string;
  tls: TlsMode;
  /** File with the certificates that the server's is checked against; those of the system if absent. */
  caFile?: string;
  /** Connections at once, of one process. */
  connections: number;
}

const tlsModes = ["disable", "allow", "prefer", "require", "verify-ca", "verify-full"] as const;
type TlsMode = (typeof tlsModes)[number];
/** Those that say who the server is, once there are certificates to check it by. */
const checkedModes: readonly TlsMode[] = ["require", "verify-ca", "verify-full"];

const options = ["schema", "connections", "sslmode", "sslrootcert", "host"];
const maxConnections = 64;

/**
 * Reads `postgres://USER:PASSWORD@HOST:PORT/DATABASE` with `schema`, `connections`, `sslmode`, `sslrootcert` and, for
 * the folder of a socket, `host` behind it. Throws `ConfigError`, whose text leaves out the URL: it holds a password.
 */
export function readPostgresUrl(text: string): PostgresLocation {
  const url = URL.parse(text);
  const database = decode(url?.pathname.slice(1));
  if (url === null || database === undefined || database === "" || database.includes("/")) throw malformed();
  const [user, password] = [decode(url.username), decode(url.password)];
  if (user === undefined || password === undefined) throw malformed();
  for (const name of url.searchParams.keys()) if (!options.includes(name)) throw unknownOption();
  const host = url.searchParams.get("host") ?? decode(url.hostname) ?? "";
  const caFile = url.searchParams.get("sslrootcert") ?? undefined;
  const tls = readTlsMode(
    url.searchParams.get("sslmode") ?? (caFile === undefined ? "prefer" : "verify-full"),
  );
  if (caFile !== undefined && !checkedModes.includes(tls)) throw unchecked();
  return {
    kind: "postgres",
    host: host === "" ? "localhost" : host.replace(/^\[(.*)\]$/, "$1"),
    port: url.port === "" ? 5432 : Number(url.port),
    user,
    password,
    database,
    schema: readSchema(url.searchParams.get("schema") ?? "oai_serve"),
    tls,
    ...(caFile !== undefined && { caFile }),
    connections: readConnections(url.searchParams.get("connections") ?? "8"),
  };
}

/** Where it is, without what nobody else may know. */
export function describePostgres({ host, port, database, schema }: PostgresLocation): string {
  return `PostgreSQL at ${host}:${port}, database '${database}', schema '${schema}'`;
}

function decode(text: string | undefined): string | undefined {
  try {
    const decoded = decodeURIComponent(text ?? "");
    return decoded.includes("\0") ? undefined : decoded;
  } catch {
    return undefined;
  }
}

function readSchema(name: string): string {
  if (/^[a-z_][a-z0-9_]{0,62}$/.test(name) && !name.startsWith("pg_")) return name;
  throw new ConfigError("store: 'schema' must be a name of lower case letters, digits and _.");
}

function readTlsMode(name: string): TlsMode {
  const mode = tlsModes.find((known) => known === name);
  if (mode === undefined) throw new ConfigError(`store: 'sslmode' must be one of ${tlsModes.join(", ")}.`);
  return mode;
}

function readConnections(text: string): number {
  const connections = /^\d{1,3}$/.test(text) ? Number(text) : 0;
  if (connections >= 1 && connections <= maxConnections) return connections;
  throw new ConfigError(`store: 'connections' must be a number from 1 to ${maxConnections}.`);
}

function unknownOption(): ConfigError {
  return new ConfigError(`store: after '?' only ${options.join(", ")} can stand, joined by '&'.`);
}

function unchecked(): ConfigError {
  return new ConfigError(`store: 'sslrootcert' goes with 'sslmode' ${checkedModes.join(", ")} only.`);
}

function malformed(): ConfigError {
  return new ConfigError("store: write 'postgres://USER:PASSWORD@HOST:PORT/DATABASE'.");
}
