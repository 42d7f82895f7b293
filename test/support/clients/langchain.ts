import { existsSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "bun:test";
import { childLines } from "../child-lines.ts";
import { binary, python } from "../prerequisites.ts";

const environments = join(import.meta.dir, "../../../.venv");

/** Folders of `.venv` with the two generations of LangChain under test, the newer first. */
export const langchain = { current: "langchain-1", older: "langchain-0" } as const;

/**
 * `describe` for tests that need LangChain and the compiled binary. Without them the tests are skipped and the reason
 * is printed; when `CI` is set they fail instead.
 */
export function describeLangChain(name: string, body: () => void): void {
  const missing = Object.values(langchain).find(
    (folder) => !existsSync(join(environments, folder, "complete")),
  );
  const reason =
    missing !== undefined
      ? `no ${missing} in .venv; run scripts/python-env.`
      : existsSync(binary)
        ? undefined
        : `no executable at ${binary}; run scripts/build.`;
  if (reason === undefined) {
    describe(name, body);
  } else if (process.env["CI"] === undefined) {
    process.stderr.write(`Skipping "${name}": ${reason}\n`);
    describe.skip(name, body);
  } else {
    test(`${name}: everything it needs is there`, () => {
      throw new Error(reason);
    });
  }
}

export interface LangChain {
  /** Runs one of the functions of langchain_calls.py, by its name, and gives what it gave. One at a time. */
  call<Value>(name: string, options: Readonly<Record<string, unknown>>): Promise<Value>;
  stop(): Promise<void>;
}

/** Starts a process with LangChain's present generation, for any number of calls. */
export function startLangChain(): LangChain {
  const child = Bun.spawn([python, join(import.meta.dir, "langchain_calls.py")], {
    stdin: "pipe",
    stdout: "pipe",
    stderr: "inherit",
    env: { PYTHONPATH: join(environments, langchain.current), PYTHONDONTWRITEBYTECODE: "1" },
  });
  const lines = childLines(child.stdout);
  return {
    async call(name, options) {
      void child.stdin.write(`${JSON.stringify({ call: name, options })}\n`);
      await child.stdin.flush();
      const line = await lines.next();
      if (line.done === true) throw new Error(`LangChain's process ended in "${name}".`);
      const outcome = JSON.parse(line.value);
      if (outcome.error !== undefined) throw new Error(`LangChain failed in "${name}": ${outcome.error}`);
      return outcome.value;
    },
    async stop() {
      await child.stdin.end();
      await child.exited;
    },
  };
}
