import { join } from "node:path";

const root = join(import.meta.dir, "../..");
const binary = process.env["OAI_SERVE_BINARY"];
const command = binary === undefined ? [process.execPath, join(root, "src/main.ts")] : [binary];

export interface Ended {
  code: number;
  stdout: string;
  stderr: string;
}

export interface RunOptions {
  environment?: Readonly<Record<string, string>>;
  directory?: string;
  /** A command that runs the one it is given. */
  through?: readonly string[];
}

/** Runs the program to its end, with an environment of its own: `OAI_SERVE_BINARY`, or the sources. */
export async function runToEnd(args: readonly string[], options: RunOptions = {}): Promise<Ended> {
  const child = spawn(args, options);
  const [code, stdout, stderr] = await Promise.all([
    child.exited,
    new Response(child.stdout).text(),
    new Response(child.stderr).text(),
  ]);
  return { code, stdout, stderr };
}

export interface Running {
  url: string;
  pid: number;
  /** Everything on standard output so far. */
  output(): string;
  /** Resolves once a line of standard output matches. */
  line(pattern: RegExp): Promise<string>;
  signal(name: "SIGTERM" | "SIGINT" | "SIGUSR2"): void;
  exited: Promise<number>;
  [Symbol.asyncDispose](): Promise<void>;
}

/** Starts the program on a free port and resolves once it listens. */
export async function startServer(args: readonly string[] = [], options: RunOptions = {}): Promise<Running> {
  const child = spawn(["--port", "0", ...args], options);
  let text = "";
  const waiting: { pattern: RegExp; resolve: (line: string) => void; reject: (error: Error) => void }[] = [];
  const settle = () => {
    for (const [index, { pattern, resolve }] of [...waiting.entries()].toReversed()) {
      const found = text.split("\n").find((line) => pattern.test(line));
      if (found === undefined) continue;
      waiting.splice(index, 1);
      resolve(found);
    }
  };
  const read = async () => {
    const decoder = new TextDecoder();
    for await (const bytes of child.stdout) {
      text += decoder.decode(bytes, { stream: true });
      settle();
    }
    const errors = await new Response(child.stderr).text();
    for (const { pattern, reject } of waiting)
      reject(new Error(`ended without ${pattern}: ${text}${errors}`));
  };
  const reading = read();
  const line = (pattern: RegExp) =>
    new Promise<string>((resolve, reject) => {
      waiting.push({ pattern, resolve, reject });
      settle();
    });
  const started = await line(/Server started on/);
  await line(/Docs:/);
  return {
    url: started.slice(started.indexOf("http://")),
    pid: child.pid,
    output: () => text,
    line,
    signal: (name) => child.kill(name),
    exited: child.exited,
    async [Symbol.asyncDispose]() {
      child.kill("SIGKILL");
      await Promise.all([child.exited, reading]);
    },
  };
}

function spawn(args: readonly string[], { environment = {}, directory = "/", through = [] }: RunOptions) {
  return Bun.spawn([...through, ...command, ...args], {
    cwd: directory,
    env: { PATH: process.env["PATH"] ?? "", ...environment },
    stdin: "ignore",
    stdout: "pipe",
    stderr: "pipe",
  });
}
