import { ServeError } from "../../core/error.ts";
import type { Backend, CallContext, EventBatch, GenerationRequest } from "../../core/generation.ts";
import type { Log } from "../../core/log.ts";
import { type Catalog, seedModelId } from "./catalog.ts";
import { embed } from "./embed.ts";
import { generate } from "./generate.ts";
import { createPrepare } from "./prepare.ts";
import type { LoadImages } from "./images.ts";
import type { KserveModel } from "./model.ts";
import { assertReady } from "./ready.ts";
import type { StreamRoute } from "./stream-routes.ts";
import type { Transport } from "./transport/transport.ts";

export interface KserveBackendOptions {
  id: string;
  /** `host:port`, as the operator wrote it. */
  endpoint: string;
  log: Log;
  catalog: Catalog;
  /** Answers every rpc but, possibly, the stream one. */
  transport: Transport;
  /** A server besides `transport` without which the backend is not ready. */
  requiredStream?: Transport;
  /** Everything to be closed with the backend. */
  transports: readonly Transport[];
  loadImages: LoadImages;
  /** Id of the model that it is taken to have until it was asked. */
  presumedModel?: string;
}

/** A KServe v2 server as a backend. Does no I/O until it is asked something. */
export function createKserveBackend(options: KserveBackendOptions): Backend {
  const { id, catalog, transport, log } = options;
  const prepare = createPrepare(options.loadImages);
  const announced = new Set<string>();

  /** Says once for each model and way how answers come. */
  function announce(model: KserveModel, route: StreamRoute | undefined): void {
    const key = `${model.target} ${route?.endpoint ?? ""}`;
    if (announced.has(key)) return;
    if (announced.size > 1_000) announced.clear();
    announced.add(key);
    const facts = { backend: id, model: model.target };
    if (route === undefined) log.info("answers of this model come whole", facts);
    else log.info("answers of this model are streamed", { ...facts, endpoint: route.endpoint });
  }

  async function* run(request: GenerationRequest, context: CallContext): AsyncGenerator<EventBatch> {
    const model = await catalog.find(request.model);
    let hasBegun = false;
    const attempt = async function* (current: KserveModel) {
      yield* generate(await prepare(request, current, context), current, context, {
        transport,
        onRoute(route) {
          hasBegun = true;
          announce(current, route);
        },
      });
    };
    try {
      yield* attempt(model);
    } catch (error) {
      if (!mayHaveChanged(error)) throw error;
      catalog.forget(request.model);
      if (hasBegun) throw error;
      const current = await catalog.find(request.model);
      if (current === model) throw error;
      yield* attempt(current);
    }
  }

  return {
    id,
    kind: "kserve",
    endpoint: options.endpoint,
    ...(options.presumedModel === undefined
      ? {}
      : {
          presumed: [{ id: options.presumedModel, ownedBy: "anyserve", aliases: [seedModelId] }],
        }),
    capabilities: async (model) => (await catalog.find(model)).capabilities,
    generate: run,
    async embed(request, context) {
      const model = await catalog.find(request.model);
      try {
        return await embed(request, model, context, transport);
      } catch (error) {
        if (mayHaveChanged(error)) catalog.forget(request.model);
        throw error;
      }
    },
    models: (signal) => catalog.list(signal),
    inspect: (signal) => catalog.inspect(signal),
    ready: (signal) => assertReady(transport, options.requiredStream, signal),
    async close() {
      await Promise.all(options.transports.map((each) => each.close()));
    },
  };
}

/** A server that does not know the model or its tensors any more has another one under this name, or none. */
function mayHaveChanged(error: unknown): boolean {
  return (
    error instanceof ServeError && (error.kind === "not_found" || error.code === "upstream_invalid_argument")
  );
}
