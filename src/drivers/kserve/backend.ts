import type { Backend, Capabilities } from "../../core/generation.ts";
import type { Log } from "../../core/log.ts";
import { templateStop } from "../../text/templates/render.ts";
import type { TemplateName } from "../../text/templates/render.ts";
import type { Dialect } from "./dialects/dialect.ts";
import { generate } from "./generate.ts";
import { askModel, describeModel } from "./model.ts";
import { assertReady } from "./ready.ts";
import { createRequestEncoder } from "./request-encoder.ts";
import { createStreamRoutes } from "./stream-routes.ts";
import type { StreamRoute } from "./stream-routes.ts";
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
  /** A server besides `transport` without which the backend is not ready. */
  requiredStream?: Transport;
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
  const identity = { id: options.modelId, ownedBy: dialect.ownedBy, aliases: options.aliases };
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

  const encode = createRequestEncoder(dialect, options.template);
  const generateOptions = { dialect, encode, transport, routes, onRoute };

  return {
    id,
    kind: "kserve",
    endpoint: options.endpoint,
    presumed: [describeModel(identity, {})],
    capabilities: () => toCapabilities(dialect, options.template),
    generate: (request, context) => generate(request, context, generateOptions),
    models: async (signal) => [await askModel(transport, dialect, identity, signal)],
    ready: (signal) => assertReady(transport, options.requiredStream, signal),
    async close() {
      const transports = new Set([transport, ...options.streamRoutes.map((route) => route.transport)]);
      await Promise.all([...transports].map((each) => each.close()));
    },
  };
}

function toCapabilities(dialect: Dialect, template: TemplateName): Capabilities {
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
    ...(stop.length === 0 ? {} : { stop }),
  };
}
