import { SQL } from "bun";
import type { PostgresLocation } from "./read-url.ts";

/** What one statement may take, in milliseconds, and what it may wait for others. */
const statementMs = 8_000;
const lockMs = 3_000;
/** A connection between two statements of a transaction for longer is cut, and what it has locked is free again. */
const pauseMs = 10_000;
const connectSeconds = 5;
const idleSeconds = 300;

/** A pool of connections, none of which is made before it is needed. */
export function connect(location: PostgresLocation): SQL {
  const { host, port, user, password, database, schema, tls, caFile, connections } = location;
  return new SQL({
    // Everything is said here: what is left out, this included, would be read from the environment.
    url: "postgres://localhost",
    hostname: host,
    port,
    ...(user !== "" && { username: user }),
    password,
    database,
    tls: caFile === undefined ? tls : verifiedBy(caFile, tls),
    max: connections,
    connectionTimeout: connectSeconds,
    idleTimeout: idleSeconds,
    connection: {
      application_name: "oai-serve",
      search_path: schema,
      // Would cost more than it saves: the longest statements are short.
      jit: "off",
      statement_timeout: statementMs,
      lock_timeout: lockMs,
      idle_in_transaction_session_timeout: pauseMs,
    },
  });
}

/** Where certificates to check by are named, every mode checks, as PostgreSQL's own clients do; one the name as well. */
function verifiedBy(caFile: string, mode: PostgresLocation["tls"]): SQL.TLSOptions {
  return mode === "verify-full" ? { caFile } : { caFile, checkServerIdentity: () => undefined };
}
