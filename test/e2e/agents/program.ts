import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { childLines } from "../../support/child-lines.ts";
import { binary } from "../../support/prerequisites.ts";

export interface ProgramOptions {
  /** Files in the working directory, by path below it. */
  files?: Readonly<Record<string, string>>;
  /** All that it gets, besides `HOME` and a `PATH` on which the executable is found. */
  environment?: Readonly<Record<string, string>>;
}

export interface Program {
  /** Where clients on this machine reach it: `http://127.0.0.1:PORT`. */
  url: string;
  port: number;
  pid: number;
  /** The working directory. */
  directory: string;
  /** Everything written so far, in lines. */
  output(): readonly string[];
  /** Resolves with the first line that matches, once there is one; `from` so many lines are older. */
  line(pattern: RegExp, from?: number): Promise<string>;
  stop(): Promise<void>;
}

export interface ProgramEnd {
  code: number;
  output: string;
}

/**
 * Types `command` into a shell, in a directory with nothing but `files`, and resolves once it listens. A port that
 * somebody else has is replaced by a free one.
 */
export async function startProgram(command: string, options: ProgramOptions = {}): Promise<Program> {
  try {
    return await start(command, options);
  } catch (error) {
    if (!(error instanceof Error) || !error.message.includes("is in use")) throw error;
    const rest = command.replace(/ --port \d+/, "");
    return start(`${rest} --port 0`, options);
  }
}

/** Types `command` into a shell and waits for its end. */
export async function runProgram(command: string, options: ProgramOptions = {}): Promise<ProgramEnd> {
  const { child, home } = spawn(command, options);
  const [stdout, stderr, code] = await Promise.all([
    new Response(child.stdout).text(),
    new Response(child.stderr).text(),
    child.exited,
  ]);
  rmSync(home, { recursive: true, force: true });
  return { code, output: stdout + stderr };
}

async function start(command: string, options: ProgramOptions): Promise<Program> {
  const { child, home, directory } = spawn(command, options);
  const guard = startGuard(child.pid, home);
  const lines: string[] = [];
  const waiting = new Set<{ pattern: RegExp; resolve: (line: string) => void }>();
  const readings = [child.stdout, child.stderr].map(async (output) => {
    for await (const line of childLines(output)) {
      lines.push(line);
      for (const wait of waiting) {
        if (!wait.pattern.test(line)) continue;
        waiting.delete(wait);
        wait.resolve(line);
      }
    }
  });
  const line = (pattern: RegExp, from = 0) => {
    const found = lines.slice(from).find((text) => pattern.test(text));
    if (found !== undefined) return Promise.resolve(found);
    return new Promise<string>((resolve) => waiting.add({ pattern, resolve }));
  };
  const stop = async () => {
    child.kill("SIGKILL");
    await Promise.all([child.exited, ...readings]);
    await guard.stdin.end();
    await guard.exited;
  };

  const started = await Promise.race([line(/Server started on/), child.exited]);
  if (typeof started === "number") {
    await Promise.all(readings);
    await stop();
    throw new Error(`"${command}" ended with ${started}:\n${lines.join("\n")}`);
  }
  const port = Number(/:(\d+)$/.exec(started)?.[1]);
  return {
    url: `http://127.0.0.1:${port}`,
    port,
    pid: child.pid,
    directory,
    output: () => lines,
    line,
    stop,
  };
}

function spawn(command: string, { files = {}, environment = {} }: ProgramOptions) {
  const home = mkdtempSync(join(tmpdir(), "oai-serve-test-"));
  const [bin, directory] = [join(home, "bin"), join(home, "work")];
  mkdirSync(bin);
  symlinkSync(binary, join(bin, "oai-serve"));
  mkdirSync(directory);
  for (const [path, content] of Object.entries(files)) {
    mkdirSync(join(directory, dirname(path)), { recursive: true });
    writeFileSync(join(directory, path), content);
  }
  const child = Bun.spawn(["sh", "-c", `exec ${command}`], {
    cwd: directory,
    env: { PATH: `${bin}:${process.env["PATH"] ?? ""}`, HOME: home, ...environment },
    stdin: "ignore",
    stdout: "pipe",
    stderr: "pipe",
  });
  return { child, home, directory };
}

/** Ends the program and removes its directory as soon as its own stdin closes: also when the tests were killed. */
function startGuard(pid: number, directory: string) {
  return Bun.spawn(["sh", "-c", 'cat; kill -9 "$1"; rm -rf "$2"', "guard", String(pid), directory], {
    stdin: "pipe",
    stdout: "ignore",
    stderr: "ignore",
  });
}
