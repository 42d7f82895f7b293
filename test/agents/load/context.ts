import type { AgentContext } from "../../../src/agents/kit/agent.ts";
import { quiet } from "./quiet.ts";

/** A request that says `userQuery` and nothing else. It cannot ask any model unless `given` says how. */
export function createContext(given: Partial<AgentContext> = {}): AgentContext {
  const { userQuery = "hello" } = given;
  return {
    agent: "agent",
    messages: [{ role: "user", content: userQuery }],
    userQuery,
    params: {},
    tools: [],
    toolChoice: { mode: "auto" },
    parallelToolCalls: true,
    responseFormat: { kind: "text" },
    conversation: undefined,
    signal: new AbortController().signal,
    log: quiet,
    generate() {
      throw new Error("There is no model.");
    },
    ...given,
  };
}
