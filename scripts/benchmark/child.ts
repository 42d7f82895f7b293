import type { Subprocess } from "bun";

export interface ProcessOptions {
  command: readonly string[];
  directory: string;
  environment?: Readonly<Record<string, string>>;
}

export interface RunningProcess {
  pid: number;
  /** The beginning of what it has written. */
  output(): string;
  /** Resolves with the exit code. */
  ended: Promise<number>;
  /** Ends it at once. */
  stop(): Promise<void>;
}

const running = new Set<Subprocess>();
process.on("exit", () => {
  for (const child of running) child.kill("SIGKILL");
});

const keptChars = 65_536;

/** Starts a process of the benchmark, with nothing of this one's environment but the path. It ends with this one. */
export function startProcess(
  options: ProcessOptions,
  onOutput: (output: string) => void = () => {},
): RunningProcess {
  const child = Bun.spawn([...options.command], {
    cwd: options.directory,
    env: { PATH: process.env["PATH"] ?? "", HOME: options.directory, ...options.environment },
    stdin: "ignore",
    stdout: "pipe",
    stderr: "pipe",
  });
  running.add(child);
  let output = "";
  const read = async (stream: ReadableStream<Uint8Array>) => {
    for await (const bytes of stream) {
      // Reading goes on, or the process would block.
      if (output.length >= keptChars) continue;
      output += Buffer.from(bytes).toString();
      onOutput(output);
    }
  };
  void Promise.all([read(child.stdout), read(child.stderr)]);
  return {
    pid: child.pid,
    output: () => output,
    ended: child.exited,
    async stop() {
      child.kill("SIGKILL");
      await child.exited;
      running.delete(child);
    },
  };
}

const startLimitMs = 20_000;

/** Starts a process and waits for what `wanted` captures in its output. Throws when it does not come. */
export async function startAnnounced(
  options: ProcessOptions,
  wanted: RegExp,
): Promise<{ child: RunningProcess; found: string }> {
  const announced = Promise.withResolvers<string>();
  const child = startProcess(options, (output) => {
    const found = wanted.exec(output)?.[1];
    if (found !== undefined) announced.resolve(found);
  });
  const found = await Promise.race([announced.promise, child.ended, Bun.sleep(startLimitMs)]);
  if (typeof found === "string") return { child, found };
  await child.stop();
  throw new Error(`${options.command.join(" ")} did not start:\n${child.output()}`);
}
