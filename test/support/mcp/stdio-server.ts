/** An MCP server over stdio, with the SDK of the protocol before 2026-07-28, which most servers are made with. */
import { StdioServerTransport } from "@modelcontextprotocol/sdk/server/stdio.js";
import { createScriptedServer } from "./legacy-server.ts";
import { scriptedState } from "./tools.ts";

const say = (text: string) => void process.stderr.write(`${text}\n`);
say("started");
await createScriptedServer(scriptedState(), say).connect(new StdioServerTransport());
