import { describePackages } from "../prerequisites.ts";
import { type PythonCalls, startPythonCalls } from "./python-calls.ts";

/** Folders of `.venv` with the two generations of LangChain under test, the newer first. */
export const langchain = { current: "langchain-1", older: "langchain-0" } as const;

/** `describe` for tests that need LangChain, of both generations, and the compiled binary. */
export function describeLangChain(name: string, body: () => void): void {
  describePackages(Object.values(langchain), name, body);
}

/** Starts a process with LangChain's present generation, for any number of calls of langchain_calls.py. */
export function startLangChain(): PythonCalls {
  return startPythonCalls("langchain_calls.py", langchain.current);
}
