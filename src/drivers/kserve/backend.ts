import { ServeError } from "../../core/error.ts";
import type { Backend, Capabilities } from "../../core/generation.ts";
import type { Log } from "../../core/log.ts";
import { templateStop } from "../../text/templates/render.ts";
import type { TemplateName } from "../../text/templates/render.ts";
import { decodeInferResponse, decodeServerReady } from "./codec/decode.ts";
import { encodeInferRequest } from "./codec/encode.ts";
import type { Dialect } from "./dialects/dialect.ts";
import { generate } from "./generate.ts";
import { createModelList } from "./model-list.ts";
import { emptyMessage, rpcPath } from "./service.ts";
import { toServeError } from "./status.ts";
import { createStreamRoutes } from "./stream-routes.ts";
import type { StreamRoute } from "./stream-routes.ts";
import { GrpcError, grpcStatus } from "./transport/transport.ts";
import type { Transport } from "./transport/transport.ts";

export interface KserveBackendOptions {
  id: string;
  /** `host:port`, as the operator wrote it. */
  endpoint: string;
  log: Log;
  dialect: Dialect;
  template: TemplateName;
  /** Answers every rpc but, possibly, the stream one. */
  transport: Transport;
  /** Where the stream rpc may be, in order. */
  streamRoutes: readonly StreamRoute[];
  /** Id of the model while the server does not say it. */
  modelId: string;
  /** Other ids under which the model answers. */
  aliases: readonly string[];
  /** Milliseconds, monotonic. */
  now: () => number;
}

/** A KServe v2 server as a backend that gives one choice a call. Does no I/O until it is asked something. */
export function createKserveBackend(options: KserveBackendOptions): Backend {
  const { id, dialect, transport } = options;
  const routes = createStreamRoutes(options.streamRoutes, options.now);
  const modelList = createModelList({
    ask: (signal) => askFacts(transport, dialect, signal),
    fallbackId: options.modelId,
    ownedBy: dialect.ownedBy,
    aliases: options.aliases,
    now: options.now,
  });
  let announced: string | undefined;

  function onRoute(endpoint: string | undefined): void {
    const route = endpoint ?? "unary";
    if (announced === route) return;
    announced = route;
    if (endpoint === undefined) {
      options.log.info("the stream rpc is not reachable; answers come whole", { backend: id });
    } else {
      options.log.info("answers come token by token", { backend: id, endpoint });
    }
  }

  const generateOptions = { dialect, template: options.template, transport, routes, onRoute };

  return {
    id,
    kind: "kserve",
    endpoint: options.endpoint,
    capabilities: () => toCapabilities(dialect, options.template, modelList.contextTokens),
    generate: (request, context) => generate(request, context, generateOptions),
    models: (signal) => modelList.models(signal),
    ready: (signal) => assertReady(transport, signal),
    async close() {
      const transports = new Set([transport, ...options.streamRoutes.map((route) => route.transport)]);
      await Promise.all([...transports].map((each) => each.close()));
    },
  };
}

function toCapabilities(
  dialect: Dialect,
  template: TemplateName,
  contextTokens: number | undefined,
): Capabilities {
  const stop = templateStop(template);
  return {
    choices: 1,
    sampling: dialect.sampling,
    extra: dialect.extra,
    logprobs: false,
    tools: false,
    images: false,
    audio: false,
    files: false,
    suffix: false,
    tokenPrompts: false,
    json: false,
    reasoningEffort: false,
    reportsLength: false,
    ...(contextTokens === undefined ? {} : { contextTokens }),
    ...(stop.length === 0 ? {} : { stop }),
  };
}

async function askFacts(transport: Transport, dialect: Dialect, signal: AbortSignal) {
  const answer = await transport.unary(rpcPath.infer, encodeInferRequest(dialect.facts.call), { signal });
  return dialect.facts.read(decodeInferResponse(answer));
}

const readyTimeoutMs = 5_000;

async function assertReady(transport: Transport, signal: AbortSignal): Promise<void> {
  const limited = AbortSignal.any([signal, AbortSignal.timeout(readyTimeoutMs)]);
  let isReady: boolean;
  try {
    isReady = decodeServerReady(
      await transport.unary(rpcPath.serverReady, emptyMessage, { signal: limited }),
    );
  } catch (error) {
    // Some servers leave this rpc out; one that says so is there.
    if (error instanceof GrpcError && error.code === grpcStatus.unimplemented) return;
    throw toServeError(error, limited);
  }
  if (!isReady) throw new ServeError("unavailable", "The model server says that it is not ready.");
}
