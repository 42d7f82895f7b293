import { Elysia } from "elysia";
import { type BatchDeps, batchRoutes } from "./api/batches/routes.ts";
import { chatRoutes } from "./api/chat/routes.ts";
import type { SurfaceDeps } from "./api/common/deps.ts";
import { conversationRoutes } from "./api/conversations/routes.ts";
import { completionRoutes } from "./api/completions/routes.ts";
import { fileRoutes } from "./api/files/routes.ts";
import type { UploadDeps } from "./api/files/upload.ts";
import { type EmbeddingDeps, embeddingRoutes } from "./api/embeddings/routes.ts";
import { messageRoutes } from "./api/messages/routes.ts";
import { type ModelDeps, modelRoutes } from "./api/models/routes.ts";
import { type OpsDeps, opsRoutes } from "./api/ops/routes.ts";
import { responseRoutes } from "./api/responses/routes.ts";
import { schemas } from "./api/schemas.ts";
import { type TokenizeDeps, tokenizeRoutes } from "./api/tokenize/routes.ts";
import type { Log } from "./core/log.ts";
import { createAuthenticate, createIsOwner } from "./http/auth.ts";
import { createCors } from "./http/cors.ts";
import { docsRoutes, isDocsPath } from "./http/docs/routes.ts";
import { failed } from "./http/failed.ts";
import { createHandler, type Handler } from "./http/handler.ts";
import { createRouteTable, documentedPath } from "./http/path.ts";
import { anthropic, anthropicVersion } from "./http/protocols/anthropic.ts";
import { openai } from "./http/protocols/openai.ts";
import { createProtocolOf } from "./http/protocols/protocol.ts";

export interface ServerDeps {
  surfaces: SurfaceDeps & EmbeddingDeps & TokenizeDeps & UploadDeps & BatchDeps;
  models: ModelDeps;
  ops: Omit<OpsDeps, "endpoints" | "hasKeys">;
  keys: readonly string[];
  origins: readonly string[];
  log: Log;
}

const openPaths: ReadonlySet<string> = new Set(["/", "/live", "/health", "/ready"]);

/** All routes behind what every request passes. Does not listen. */
export function createServer(deps: ServerDeps): Handler {
  let endpoints: readonly string[] = [];
  const described = new Elysia({ normalize: false })
    .use(chatRoutes(deps.surfaces))
    .use(responseRoutes(deps.surfaces))
    .use(conversationRoutes(deps.surfaces))
    .use(messageRoutes(deps.surfaces))
    .use(completionRoutes(deps.surfaces))
    .use(embeddingRoutes(deps.surfaces))
    .use(fileRoutes(deps.surfaces))
    .use(batchRoutes(deps.surfaces))
    .use(tokenizeRoutes(deps.surfaces))
    .use(modelRoutes(deps.models))
    .use(opsRoutes({ ...deps.ops, hasKeys: deps.keys.length > 0, endpoints: () => endpoints }));
  endpoints = described.routes.map(({ path }) => documentedPath(path, "model"));
  const app = new Elysia({ normalize: false })
    .onError(({ error, request }) => failed(request, error))
    .use(described)
    .use(docsRoutes({ described, schemas, version: deps.ops.version }));
  const routes = createRouteTable(app.routes);
  return createHandler({
    route: (request) => app.fetch(request),
    routes,
    isPublic: (path) => openPaths.has(path) || isDocsPath(path),
    authenticate: createAuthenticate(deps.keys),
    isOwner: createIsOwner(deps.keys),
    protocolOf: createProtocolOf(openai, [
      { path: "/v1/messages", protocol: anthropic },
      { path: "/v1/models", header: anthropicVersion, protocol: anthropic },
    ]),
    cors: createCors({ origins: deps.origins, requireKnownOrigin: deps.keys.length === 0 }),
    log: deps.log,
  });
}
