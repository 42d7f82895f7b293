import { chmodSync, copyFileSync, mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { childLines } from "./child-lines.ts";
import { binary } from "./prerequisites.ts";

export interface GatewayOptions {
  /** Command line after the defaults `--host 127.0.0.1 --port 0`. */
  args?: readonly string[];
  /** Content of the configuration file; absent means that there is none. */
  config?: Readonly<Record<string, unknown>>;
  environment?: Readonly<Record<string, string>>;
  /** More files in the working directory, by name. */
  files?: Readonly<Record<string, string>>;
}

export interface Gateway {
  /** `http://127.0.0.1:PORT`, without a slash at the end. */
  url: string;
  port: number;
  pid: number;
  /** The working directory, which holds the copied executable. */
  directory: string;
  /** Everything written to stdout and stderr so far. */
  log(): string;
  signal(name: "SIGTERM" | "SIGINT"): void;
  /** Exit code, once it has ended by itself or by a signal. */
  exited: Promise<number>;
  /** Ends it at once and removes its directory. */
  stop(): Promise<void>;
}

/**
 * Starts a copy of the executable in an empty directory with an empty environment, so that nothing of the
 * source tree is in reach, and resolves when it says that it listens.
 */
export async function startGateway(options: GatewayOptions = {}): Promise<Gateway> {
  const directory = mkdtempSync(join(tmpdir(), "oai-serve-test-"));
  const executable = join(directory, "oai-serve");
  copyFileSync(binary, executable);
  chmodSync(executable, 0o755);
  const args = ["--host", "127.0.0.1", "--port", "0"];
  if (options.config !== undefined) {
    // JSON is YAML.
    writeFileSync(join(directory, "config.yaml"), JSON.stringify(options.config));
    args.push("--config", "config.yaml");
  }
  for (const [name, content] of Object.entries(options.files ?? {}))
    writeFileSync(join(directory, name), content);

  const child = Bun.spawn([executable, ...args, ...(options.args ?? [])], {
    cwd: directory,
    env: { HOME: directory, ...options.environment },
    stdin: "ignore",
    stdout: "pipe",
    stderr: "pipe",
  });
  const guard = startGuard(child.pid, directory);
  const output = collectLines([child.stdout, child.stderr], /Server started on (http:\/\/[\w.:[\]-]+)/);
  const stop = async () => {
    child.kill("SIGKILL");
    await child.exited;
    await guard.stdin.end();
    await guard.exited;
  };

  const started = await Promise.race([output.found, child.exited, Bun.sleep(20_000)]);
  if (typeof started !== "string") {
    await stop();
    throw new Error(`The server did not start (exit code ${String(started)}):\n${output.text()}`);
  }
  return {
    url: started,
    port: Number(new URL(started).port),
    pid: child.pid,
    directory,
    log: output.text,
    signal: (name) => child.kill(name),
    exited: child.exited,
    stop,
  };
}

/** Runs the executable to its end, for what does not become a server. */
export async function runBinary(
  args: readonly string[],
): Promise<{ code: number; stdout: string; stderr: string }> {
  const child = Bun.spawn([binary, ...args], { env: {}, stdin: "ignore", stdout: "pipe", stderr: "pipe" });
  const [stdout, stderr, code] = await Promise.all([
    new Response(child.stdout).text(),
    new Response(child.stderr).text(),
    child.exited,
  ]);
  return { code, stdout, stderr };
}

/** Ends the server and removes its directory as soon as its own stdin closes: also when the tests were killed. */
function startGuard(pid: number, directory: string) {
  return Bun.spawn(["sh", "-c", 'cat; kill -9 "$1"; rm -rf "$2"', "guard", String(pid), directory], {
    stdin: "pipe",
    stdout: "ignore",
    stderr: "ignore",
  });
}

function collectLines(outputs: readonly ReadableStream<Uint8Array>[], wanted: RegExp) {
  const lines: string[] = [];
  const { promise: found, resolve } = Promise.withResolvers<string>();
  for (const output of outputs) {
    void (async () => {
      for await (const line of childLines(output)) {
        lines.push(line);
        const match = wanted.exec(line)?.[1];
        if (match !== undefined) resolve(match);
      }
    })();
  }
  return { found, text: () => lines.join("\n") };
}
