import { Server } from "@modelcontextprotocol/sdk/server/index.js";
import { CallToolRequestSchema, ListToolsRequestSchema } from "@modelcontextprotocol/sdk/types.js";
import { pageOf, runScripted, scriptedState, type ScriptedState } from "./tools.ts";

export function createScriptedServer(
  state: ScriptedState = scriptedState(),
  say?: (text: string) => void,
): Server {
  const server = new Server(
    { name: "scripted", version: "1" },
    { capabilities: { tools: { listChanged: true } } },
  );
  server.setRequestHandler(ListToolsRequestSchema, ({ params }) => pageOf(state.tools, params?.cursor));
  server.setRequestHandler(CallToolRequestSchema, async ({ params }, { signal }) => {
    return await runScripted(params.name, params.arguments ?? {}, {
      state,
      signal,
      changed: () => server.sendToolListChanged(),
      ...(say !== undefined && { say }),
    });
  });
  return server;
}
