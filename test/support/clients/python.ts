import { join } from "node:path";
import { childLines } from "../child-lines.ts";
import { python } from "../prerequisites.ts";

export interface PythonCall {
  baseUrl: string;
  /** Dotted name below the client, e.g. `chat.completions.create`. */
  call: string;
  arguments?: Readonly<Record<string, unknown>>;
  /** What to do with the result, as client.py says; `value` unless given. */
  mode?: "value" | "items" | "text" | "helper";
  /** More arguments of the client, e.g. `{ max_retries: 2 }`. */
  options?: Readonly<Record<string, unknown>>;
}

/** An exception of the package. */
export class PythonError extends Error {
  readonly details: PythonErrorDetails;

  constructor(details: PythonErrorDetails) {
    super(details.message);
    this.details = details;
    this.name = details.classes[0] ?? "Exception";
  }
}

export interface PythonErrorDetails {
  /** Its class and that class's bases, nearest first. */
  classes: string[];
  message: string;
  status: number | null;
  code: string | null;
  type: string | null;
  param: string | null;
  requestId: string | null;
}

export interface PythonClient {
  version: string;
  /** Gives what the call gave, as JSON; throws `PythonError`. Calls may overlap. */
  run<Value>(call: PythonCall): Promise<Value>;
  stop(): Promise<void>;
}

/** The two generations of openai-python under test. */
export const pythonGenerations = ["2", "3"] as const;

/** Starts a process with that generation of the package, for any number of calls. */
export async function startPython(generation: (typeof pythonGenerations)[number]): Promise<PythonClient> {
  const packages = join(import.meta.dir, "../../../.venv", `openai-${generation}`);
  const child = Bun.spawn([python, join(import.meta.dir, "client.py")], {
    stdin: "pipe",
    stdout: "pipe",
    stderr: "inherit",
    env: { PYTHONPATH: packages, PYTHONDONTWRITEBYTECODE: "1" },
  });
  const waiting = new Map<number, (line: Outcome) => void>();
  const lines = childLines(child.stdout);
  const first = await lines.next();
  if (first.done === true) throw new Error("The Python client ended before it was ready.");
  const { version }: { version: string } = JSON.parse(first.value);
  void (async () => {
    for await (const line of lines) {
      const outcome: Outcome = JSON.parse(line);
      waiting.get(outcome.id)?.(outcome);
    }
  })();

  let lastId = 0;
  return {
    version,
    async run(call) {
      const id = ++lastId;
      const answered = new Promise<Outcome>((resolve) => waiting.set(id, resolve));
      const task = { id, base_url: call.baseUrl, call: call.call, arguments: call.arguments ?? {} };
      void child.stdin.write(
        `${JSON.stringify({ ...task, mode: call.mode ?? "value", options: call.options ?? {} })}\n`,
      );
      await child.stdin.flush();
      const outcome = await answered;
      waiting.delete(id);
      if (outcome.error !== undefined) throw new PythonError(outcome.error);
      // The caller names the type, as with any decoded JSON.
      return JSON.parse(JSON.stringify(outcome.value));
    },
    async stop() {
      await child.stdin.end();
      await child.exited;
    },
  };
}

interface Outcome {
  id: number;
  value?: unknown;
  error?: PythonErrorDetails;
}
