import { Elysia } from "elysia";
import { documented, jsonResponse } from "../common/detail.ts";
import { createHealth, type HealthDeps } from "./health.ts";

export interface OpsDeps extends HealthDeps {
  version: string;
  /** Strangers may not learn addresses and models. */
  hasKeys: boolean;
  models(): Promise<ServedModels>;
  isDraining(): boolean;
  endpoints(): readonly string[];
}

/** What there is to ask for. */
export interface ServedModels {
  /** Public ids. */
  ids: readonly string[];
  defaultId: string | undefined;
  /** The default, where it is an agent, and the model that it asks if it has one of its own. */
  agent?: { id: string; model: string | undefined };
}

/** Who has no key is not told of models here either. */
const hidden: ServedModels = { ids: [], defaultId: undefined };
const unreachable = "No backend is ready.";

const serverExample = {
  name: "oai-serve",
  version: "1.0.0",
  status: "ok",
  agent: null,
  model: "demo",
  backend: "demo",
  models: ["demo"],
  endpoints: ["/v1/chat/completions", "/v1/completions", "/v1/models", "/v1/models/{model}"],
  docs: "/docs",
};

/** What operators and their tools ask; none of it needs a key. */
export function opsRoutes(deps: OpsDeps) {
  const health = createHealth(deps);
  return new Elysia({ name: "ops", normalize: false })
    .get(
      "/",
      async () => {
        const { ids, defaultId, agent } = deps.hasKeys ? hidden : await deps.models();
        const names = deps.backends.map((backend) =>
          deps.hasKeys ? backend.id : (backend.endpoint ?? backend.id),
        );
        return Response.json({
          name: "oai-serve",
          version: deps.version,
          status: "ok",
          agent: agent?.id ?? null,
          model: agent?.model ?? defaultId ?? null,
          backend: names.join(", "),
          models: ids,
          endpoints: deps.endpoints(),
          docs: "/docs",
        });
      },
      {
        detail: documented({
          tag: "Server",
          id: "getServer",
          summary: "What this server is and has",
          responses: { 200: jsonResponse("The server.", "ServerInformation", serverExample) },
        }),
      },
    )
    .get("/live", () => Response.json({ status: "alive" }), {
      detail: documented({
        tag: "Server",
        id: "getLiveness",
        summary: "Whether the process runs",
        responses: { 200: jsonResponse("It does.", "Liveness", { status: "alive" }) },
      }),
    })
    .get(
      "/health",
      async () => {
        const [isHealthy, isStoreWell] = await Promise.all([health.isHealthy(), health.isStoreWell()]);
        const store = { status: isStoreWell ? "ok" : "unavailable" };
        return isHealthy
          ? Response.json({ status: "healthy", store })
          : Response.json({ status: "unhealthy", error: unreachable, store }, { status: 503 });
      },
      {
        detail: documented({
          tag: "Server",
          id: "getHealth",
          summary: "Whether a backend is ready",
          description:
            "Asks the backends and the store, at most once a second. Without the store answers are generated all the same; what is to be stored fails.",
          responses: {
            200: jsonResponse("At least one backend is ready.", "HealthStatus", {
              status: "healthy",
              store: { status: "ok" },
            }),
            503: jsonResponse("No backend is ready.", "HealthStatus", {
              status: "unhealthy",
              error: unreachable,
              store: { status: "ok" },
            }),
          },
        }),
      },
    )
    .get(
      "/ready",
      async () => {
        if (deps.isDraining())
          return Response.json(
            { status: "not ready", error: "The server is shutting down." },
            { status: 503 },
          );
        return (await health.isHealthy())
          ? Response.json({ status: "ready" })
          : Response.json({ status: "not ready", error: unreachable }, { status: 503 });
      },
      {
        detail: documented({
          tag: "Server",
          id: "getReadiness",
          summary: "Whether new requests should be sent here",
          responses: {
            200: jsonResponse("They should.", "Readiness", { status: "ready" }),
            503: jsonResponse(
              "They should not: no backend is ready, or the server is shutting down.",
              "Readiness",
              {
                status: "not ready",
                error: unreachable,
              },
            ),
          },
        }),
      },
    );
}
