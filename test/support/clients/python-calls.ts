import { join } from "node:path";
import { childLines } from "../child-lines.ts";
import { python } from "../prerequisites.ts";
import { PythonError, type PythonErrorDetails } from "./python.ts";

const environments = join(import.meta.dir, "../../../.venv");

export interface PythonCalls {
  /** Resolves once the packages are loaded, which takes seconds on a busy machine. */
  ready: Promise<void>;
  /** Runs one of the script's functions, by its name, and gives what it gave; throws `PythonError`. One at a time. */
  call<Value>(name: string, options: Readonly<Record<string, unknown>>): Promise<Value>;
  stop(): Promise<void>;
}

/** Starts one of the scripts beside this file that serve calls (calls.py), with the packages of a folder of `.venv`. */
export function startPythonCalls(script: string, packages: string): PythonCalls {
  const child = Bun.spawn([python, join(import.meta.dir, script)], {
    stdin: "pipe",
    stdout: "pipe",
    stderr: "inherit",
    env: { PYTHONPATH: join(environments, packages), PYTHONDONTWRITEBYTECODE: "1" },
  });
  const lines = childLines(child.stdout);
  const start = async () => {
    const first = await lines.next();
    if (first.done === true) throw new Error(`${script} ended before it was ready.`);
  };
  const ready = start();
  return {
    ready,
    async call(name, options) {
      await ready;
      void child.stdin.write(`${JSON.stringify({ call: name, options })}\n`);
      await child.stdin.flush();
      const line = await lines.next();
      if (line.done === true) throw new Error(`${script} ended in "${name}".`);
      const outcome: { value?: unknown; error?: PythonErrorDetails } = JSON.parse(line.value);
      if (outcome.error !== undefined) throw new PythonError(outcome.error);
      // The caller names the type, as with any decoded JSON.
      return JSON.parse(JSON.stringify(outcome.value ?? null));
    },
    async stop() {
      await child.stdin.end();
      await child.exited;
    },
  };
}
