import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { childLines } from "../child-lines.ts";
import { openRecord } from "./record.ts";
import type { RequestRecord } from "./record.ts";

/** MLServer, the KServe project's Python model server, and Triton with its Python backend. */
export type ServerKind = "mlserver" | "kserve" | "triton";

export interface ServerOptions {
  /** Models loaded at the start instead of all; MLServer and Triton load the others when told to. */
  load?: readonly string[];
  /** PEM files; with `clientAuthority` a client must show a certificate too. Triton only. */
  tls?: { certificate: string; key: string; clientAuthority?: string };
  /** `NAME=VALUE`: what the gRPC metadata of an inference call must hold, name prefixed as Triton does. Triton only. */
  requireHeader?: string;
}

export interface RealServer extends RequestRecord {
  /** `127.0.0.1:PORT`. */
  readonly endpoint: string;
  close(): Promise<void>;
}

/** The interpreter of a server's environment, which `scripts/python-env` makes. */
export function serverPython(kind: ServerKind): string {
  return join(root, ".venv", kind, "bin/python");
}

/** Starts a real server with the models of its folder here. Throws with the server's own words if it cannot. */
export async function startServer(kind: ServerKind, options: ServerOptions = {}): Promise<RealServer> {
  const folder = await mkdtemp(join(tmpdir(), `oai-serve-${kind}-`));
  const recordPath = join(folder, "requests.jsonl");
  const log = Bun.file(join(folder, "server.log"));
  await Bun.write(recordPath, "");
  const child = Bun.spawn(
    [
      serverPython(kind),
      join(import.meta.dir, kind, "server.py"),
      "--record",
      recordPath,
      ...toArguments(options),
    ],
    {
      cwd: folder,
      stdin: "pipe",
      stdout: "pipe",
      stderr: log,
      env: { PATH: process.env["PATH"] ?? "", TMPDIR: folder, PYTHONDONTWRITEBYTECODE: "1" },
    },
  );
  const end = async () => {
    await child.stdin.end();
    await child.exited;
    await rm(folder, { recursive: true, force: true });
  };
  const port = await readPort(child.stdout);
  if (port === undefined) {
    await child.exited;
    const words = await log.text();
    await end();
    throw new Error(`${kind} did not start: ${words.slice(-4_000)}`);
  }

  return { endpoint: `127.0.0.1:${port}`, ...openRecord(recordPath), close: end };
}

const root = join(import.meta.dir, "../../..");

function toArguments(options: ServerOptions): string[] {
  const given: string[] = [];
  for (const name of options.load ?? []) given.push("--load", name);
  if (options.tls !== undefined) {
    given.push("--tls-certificate", options.tls.certificate, "--tls-key", options.tls.key);
    if (options.tls.clientAuthority !== undefined) given.push("--tls-client-ca", options.tls.clientAuthority);
  }
  if (options.requireHeader !== undefined) given.push("--require-header", options.requireHeader);
  return given;
}

/** Of the line `READY {"grpc": PORT}`; what a server says besides is passed over. Undefined when it ends before. */
async function readPort(output: ReadableStream<Uint8Array>): Promise<number | undefined> {
  const ready = Promise.withResolvers<number | undefined>();
  // Read on to the end: a server that nobody listens to would block.
  void (async () => {
    for await (const line of childLines(output)) {
      if (line.startsWith("READY ")) ready.resolve(JSON.parse(line.slice("READY ".length)).grpc);
    }
    ready.resolve(undefined);
  })();
  return ready.promise;
}
