/** What is imported from "oai-serve": by agent files that the executable loads, and by programs that use it as a library. */
import { createAgentServer } from "./compose/agent-server.ts";

export { Type } from "@sinclair/typebox";
export { defineAgent } from "./agents/kit/define-agent.ts";
export { tool } from "./agents/kit/define-tool.ts";
export { END } from "./agents/kit/graph-plan.ts";
export { Graph } from "./agents/kit/graph.ts";
export { createRegistry } from "./agents/kit/registry.ts";
export { reply } from "./agents/kit/reply.ts";

/** Serves agents as models: `await createServer(registry).listen({ port: 8000 })`. */
export const createServer = createAgentServer(process.env);
