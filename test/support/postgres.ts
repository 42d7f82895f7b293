import { SQL } from "bun";
import { chownSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Certificate } from "./certificates.ts";
import { childLines } from "./child-lines.ts";
import { findPostgres } from "./prerequisites.ts";

/** A PostgreSQL server of our own, on this machine alone. */
export interface PostgresServer extends AsyncDisposable {
  port: number;
  /** Folder of its socket. */
  socket: string;
  /** Of a schema that nobody else uses, unless one is named. */
  url(schema?: string): string;
  /** For a look from outside. */
  admin: SQL;
  /** Ends it at once, as a crash would. */
  kill(): Promise<void>;
  /** After `kill`. */
  start(): Promise<void>;
}

export interface PostgresServerOptions {
  /** Whether what is committed is on the disk: a killed process loses nothing that was handed to the system. */
  fsync?: boolean;
  /** With which it encrypts; it cannot if absent. */
  certificate?: Pick<Certificate, "certificate" | "key">;
}

export const postgresPassword = "a secret: 100% 'quoted'";

/** Starts a server with an empty database. */
export async function startPostgres(options: PostgresServerOptions = {}): Promise<PostgresServer> {
  const directory = mkdtempSync(join(tmpdir(), "oai-serve-pg-"));
  const cluster = join(directory, "data");
  const passwordFile = join(directory, "password");
  writeFileSync(passwordFile, postgresPassword);
  handOver([directory, passwordFile]);
  const auth = ["--auth-local=trust", "--auth-host=scram-sha-256", `--pwfile=${passwordFile}`];
  await run("initdb", ["-D", cluster, "-U", "tester", "--no-sync", "--encoding=UTF8", "--locale=C", ...auth]);
  const port = await freePort();
  const settings = [
    `port=${port}`,
    `unix_socket_directories=${directory}`,
    "listen_addresses=127.0.0.1",
    `fsync=${options.fsync === true ? "on" : "off"}`,
    ...encryption(directory, options.certificate),
  ];
  let server = await startServer(cluster, settings);
  let schemas = 0;
  const url = (schema = `schema_${process.pid}_${schemas++}`) =>
    `postgres://tester:${encodeURIComponent(postgresPassword)}@127.0.0.1:${port}/postgres?schema=${schema}`;
  const admin = new SQL({
    adapter: "postgres",
    path: join(directory, `.s.PGSQL.${port}`),
    username: "tester",
    database: "postgres",
    max: 2,
  });
  return {
    port,
    socket: directory,
    url,
    admin,
    async kill() {
      const postmaster = pidOf(cluster);
      // Those that serve a connection would go on for a moment.
      const children = Bun.spawnSync(["ps", "-o", "pid=", "--ppid", String(postmaster)]).stdout.toString();
      for (const pid of [String(postmaster), ...children.trim().split(/\s+/)]) killIfThere(Number(pid));
      await server.exited;
    },
    async start() {
      server = await startServer(cluster, settings);
    },
    async [Symbol.asyncDispose]() {
      await admin.close({ timeout: 0 });
      server.kill("SIGQUIT");
      await server.exited;
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

/** Settings for a certificate, which is written into the folder. */
function encryption(directory: string, certificate: PostgresServerOptions["certificate"]): string[] {
  if (certificate === undefined) return [];
  const [certificateFile, keyFile] = [join(directory, "server.pem"), join(directory, "server.key")];
  writeFileSync(certificateFile, certificate.certificate);
  writeFileSync(keyFile, certificate.key, { mode: 0o600 });
  handOver([certificateFile, keyFile]);
  return ["ssl=on", `ssl_cert_file=${certificateFile}`, `ssl_key_file=${keyFile}`];
}

/** Its process, once it takes connections. */
async function startServer(cluster: string, settings: readonly string[]) {
  for (let attempt = 0; ; attempt++) {
    const child = spawn("postgres", ["-D", cluster, ...settings.flatMap((each) => ["-c", each])]);
    let log = "";
    for await (const line of childLines(child.stderr)) {
      log += `${line}\n`;
      if (!line.includes("ready to accept connections")) continue;
      return child;
    }
    // After a crash the processes of the one before may still be ending.
    if (attempt === 50) throw new Error(`PostgreSQL does not start: ${log}`);
    await Bun.sleep(100);
  }
}

async function run(program: string, args: readonly string[]): Promise<void> {
  const child = spawn(program, args);
  const [code, errors] = await Promise.all([child.exited, new Response(child.stderr).text()]);
  if (code !== 0) throw new Error(`${program}: ${errors}`);
}

/** As another user where this one is root, who may not run it. */
function spawn(program: string, args: readonly string[]) {
  const command = [join(findPostgres() ?? "", program), ...args];
  const asOther = [
    "setpriv",
    "--reuid=postgres",
    "--regid=postgres",
    "--clear-groups",
    "--pdeathsig=KILL",
    "--",
  ];
  return Bun.spawn(isRoot() ? [...asOther, ...command] : command, {
    cwd: "/",
    stdin: "ignore",
    stdout: "ignore",
    stderr: "pipe",
  });
}

function handOver(paths: readonly string[]): void {
  if (!isRoot()) return;
  const [uid, gid] = ["-u", "-g"].map((flag) =>
    Number(Bun.spawnSync(["id", flag, "postgres"]).stdout.toString()),
  );
  for (const path of paths) chownSync(path, uid ?? 0, gid ?? 0);
}

function isRoot(): boolean {
  return process.getuid?.() === 0;
}

function pidOf(cluster: string): number {
  return Number(readFileSync(join(cluster, "postmaster.pid"), "utf8").split("\n", 1)[0]);
}

function killIfThere(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch {
    // It ended by itself meanwhile.
  }
}

async function freePort(): Promise<number> {
  const { promise, resolve } = Promise.withResolvers<number>();
  const server = createServer().listen(0, "127.0.0.1", () => {
    const address = server.address();
    server.close(() => resolve(typeof address === "object" ? (address?.port ?? 0) : 0));
  });
  return await promise;
}
