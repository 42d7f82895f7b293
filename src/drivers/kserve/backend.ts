import { ServeError } from "../../core/error.ts";
import type { Backend } from "../../core/generation.ts";
import type { Log } from "../../core/log.ts";
import { type Catalog, seedModelId } from "./catalog.ts";
import { MalformedTensor } from "./codec/tensor.ts";
import { embed } from "./embed.ts";
import { generate } from "./generate.ts";
import { createPrepare } from "./prepare.ts";
import type { LoadImages } from "./images.ts";
import type { KserveModel } from "./model.ts";
import { assertReady } from "./ready.ts";
import type { StreamRoute } from "./stream-routes.ts";
import { GrpcError, grpcStatus } from "./transport/transport.ts";
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

  /** Works with the model as it is known; once more if that fails and the server describes it differently by now. */
  async function* withModel<Result>(
    name: string,
    work: (model: KserveModel) => AsyncIterable<Result>,
  ): AsyncGenerator<Result> {
    const model = await catalog.find(name);
    let hasBegun = false;
    try {
      for await (const result of work(model)) {
        hasBegun = true;
        yield result;
      }
    } catch (error) {
      if (!mayHaveChanged(error)) throw error;
      catalog.forget(name);
      if (hasBegun) throw error;
      const current = await catalog.find(name);
      if (current === model) throw error;
      yield* work(current);
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
    generate: (request, context) =>
      withModel(request.model, async function* (model) {
        const call = await prepare(request, model, context);
        yield* generate(call, model, context, { transport, onRoute: (route) => announce(model, route) });
      }),
    async embed(request, context) {
      const results = withModel(request.model, async function* (model) {
        yield await embed(request, model, context, transport);
      });
      for await (const result of results) return result;
      throw new Error("An embedding ended without a result.");
    },
    models: (signal) => catalog.list(signal),
    inspect: (signal) => catalog.inspect(signal),
    ready: (signal) => assertReady(transport, options.requiredStream, signal),
    async close() {
      await Promise.all(options.transports.map((each) => each.close()));
    },
  };
}

/**
 * A server that does not know the model, its tensors or the way to call it any more, or answers with other tensors, has
 * another model under this name, or none.
 */
function mayHaveChanged(error: unknown): boolean {
  if (!(error instanceof ServeError)) return false;
  const { kind, code, cause } = error;
  return (
    kind === "not_found" ||
    code === "upstream_invalid_argument" ||
    cause instanceof MalformedTensor ||
    (cause instanceof GrpcError && cause.code === grpcStatus.unimplemented)
  );
}
