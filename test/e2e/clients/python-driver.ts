import { type PythonCalls, startPythonCalls } from "../../support/clients/python-calls.ts";
import type { Ask, Driver } from "./driver.ts";

export interface PythonScript {
  /** Beside calls.py; its functions have the names of a driver's parts, in Python's form. */
  script: string;
  /** Folder of `.venv`. */
  packages: string;
  /** What it has besides `text` and `streaming`. */
  has: readonly Part[];
  /** Its functions that ask two questions, by what they show. */
  conversations?: Readonly<Record<string, string>>;
  errors: Driver["errors"];
  /** More options for every call. */
  options?: Readonly<Record<string, unknown>>;
}

type Part = "tools" | "streamedTools" | "handoff" | "structured" | "reasoning" | "abort";

/** The driver of a client that a script in Python uses. */
export function pythonDriver({ script, packages, has, options, ...rest }: PythonScript): Driver {
  let running: PythonCalls | undefined;
  const run = <Value>(name: string, { baseUrl, ...ask }: Ask & { next?: string }) => {
    if (running === undefined) throw new Error(`${script} has not started.`);
    return running.call<Value>(name, { base_url: baseUrl, ...ask, ...options });
  };
  const part = <Value>(name: Part, call: string) =>
    has.includes(name) ? { [name]: (ask: Ask) => run<Value>(call, ask) } : {};
  const ways = Object.entries(rest.conversations ?? {}).map(([way, call]) => [
    way,
    (ask: Ask, next: string) => run<string>(call, { ...ask, next }),
  ]);

  return {
    text: (ask) => run("text", ask),
    streaming: (ask) => run("streaming", ask),
    ...part<string>("tools", "tools"),
    ...part<string>("streamedTools", "streamed_tools"),
    ...part<{ agent: string; text: string }>("handoff", "handoff"),
    ...part("structured", "structured"),
    ...part("reasoning", "reasoning"),
    ...part<void>("abort", "abort"),
    conversations: Object.fromEntries(ways),
    errors: rest.errors,
    async start() {
      running = startPythonCalls(script, packages);
      await running.ready;
    },
    async stop() {
      await running?.stop();
    },
  };
}
