import { frameOf } from "./frame.ts";

/**
 * Until the returned function is called, `process.exit` in the code of agent files throws: it would end the server, or
 * the process that runs agents for it, without a word of who did.
 */
export function keepProcess(): () => void {
  const original = Object.getOwnPropertyDescriptor(process, "exit");
  const exit = process.exit.bind(process);
  process.exit = (code) => {
    const error = new Error(
      "A file of agents may not end the process: process.exit() would stop the server.",
    );
    if (frameOf(error) === undefined) return exit(code);
    throw error;
  };
  return () => {
    if (original !== undefined) Object.defineProperty(process, "exit", original);
  };
}
