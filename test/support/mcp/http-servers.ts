import { createServer, type IncomingMessage, type Server as HttpServer } from "node:http";
import { StreamableHTTPServerTransport } from "@modelcontextprotocol/sdk/server/streamableHttp.js";
import { createMcpHandler, Server } from "@modelcontextprotocol/server";
import { createScriptedServer } from "./legacy-server.ts";
import { pageOf, runScripted, scriptedState } from "./tools.ts";

export interface HttpMcpServer {
  url: string;
  /** Headers of every request so far. */
  headers: readonly IncomingMessage["headers"][];
  /** Forgets all sessions, as a restart does. */
  forget(): void;
  stop(): void;
}

/** Streamable HTTP with sessions, as servers speak it that know no protocol after 2025-11-25. */
export async function startLegacyServer(): Promise<HttpMcpServer> {
  const state = scriptedState();
  const sessions = new Map<string, StreamableHTTPServerTransport>();
  const headers: IncomingMessage["headers"][] = [];
  const server = createServer((request, response) => {
    headers.push(request.headers);
    const id = String(request.headers["mcp-session-id"]);
    const known = sessions.get(id);
    if (known === undefined && id !== "undefined") {
      response.writeHead(404).end("No such session");
      return;
    }
    const transport =
      known ??
      new StreamableHTTPServerTransport({
        sessionIdGenerator: () => crypto.randomUUID(),
        onsessioninitialized: (created) => void sessions.set(created, transport),
      });
    const ready = known === undefined ? createScriptedServer(state).connect(transport) : Promise.resolve();
    void ready.then(() => transport.handleRequest(request, response));
  });
  return {
    url: `http://127.0.0.1:${await listen(server)}/mcp`,
    headers,
    forget: () => sessions.clear(),
    stop: () => {
      server.closeAllConnections();
      server.close();
    },
  };
}

/** A server that speaks the protocol of 2026-07-28 and no other. */
export function startModernServer(): Pick<HttpMcpServer, "url" | "stop"> {
  const state = scriptedState();
  const handler = createMcpHandler(
    () => {
      const server = new Server({ name: "modern", version: "1" }, { capabilities: { tools: {} } });
      server.setRequestHandler("tools/list", ({ params }) => pageOf(state.tools, params?.cursor));
      server.setRequestHandler("tools/call", async ({ params }, { mcpReq }) => {
        return await runScripted(params.name, params.arguments ?? {}, {
          state,
          signal: mcpReq.signal,
          changed: async () => {},
        });
      });
      return server;
    },
    { legacy: "reject" },
  );
  const server = Bun.serve({ port: 0, hostname: "127.0.0.1", fetch: (request) => handler.fetch(request) });
  return { url: `http://127.0.0.1:${server.port}/mcp`, stop: () => void server.stop(true) };
}

async function listen(server: HttpServer): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  return typeof address === "object" && address !== null ? address.port : 0;
}
