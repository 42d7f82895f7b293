import type { Backend } from "../../core/generation.ts";
import type { Driver, DriverContext } from "../driver.ts";
import { createKserveBackend } from "./backend.ts";
import { KserveConfig } from "./config.ts";
import { anyserve, anyserveNamed } from "./dialects/anyserve.ts";
import { formatEndpoint, neighbour, parseEndpoint } from "./endpoint.ts";
import type { Endpoint } from "./endpoint.ts";
import type { StreamRoute } from "./stream-routes.ts";
import { createLazyTransport } from "./transport/lazy.ts";
import type { Transport } from "./transport/transport.ts";

/** KServe v2 over gRPC. `create` throws `ConfigError` when an endpoint is not `host:port`. */
export const kserveDriver: Driver<KserveConfig> = { configSchema: KserveConfig, create };

/** An AnyServe worker listens so many ports above its dispatcher, which has no stream rpc. */
const workerPortOffset = 100;
/** A guessed port may be one that a firewall swallows: it must not hold a request up for long. */
const guessConnectTimeoutMs = 1_000;

const seedModelId = "llamacpp";

function create(config: KserveConfig, context: DriverContext): Backend {
  const path = `backends.${context.id}`;
  const endpoint = parseEndpoint(config.endpoint, `${path}.endpoint`);
  const streamEndpoint =
    config.stream_endpoint === undefined
      ? undefined
      : parseEndpoint(config.stream_endpoint, `${path}.stream_endpoint`);
  const connect = (target: Endpoint) =>
    createLazyTransport(async () => {
      const { createGrpcJsTransport } = await import("./transport/grpc-js.ts");
      return createGrpcJsTransport({
        endpoint: formatEndpoint(target),
        maxMessageBytes: config.max_message_bytes ?? 67_108_864,
        connectTimeoutMs: context.connectTimeoutMs,
        keepaliveMs: (config.keepalive_seconds ?? 310) * 1_000,
      });
    });
  const transport = connect(endpoint);
  return createKserveBackend({
    id: context.id,
    endpoint: formatEndpoint(endpoint),
    log: context.log,
    dialect: config.layout === "model" ? anyserveNamed : anyserve,
    template: config.template ?? "plain",
    transport,
    ...(streamEndpoint === undefined
      ? { streamRoutes: guessedRoutes(endpoint, transport, connect, context.connectTimeoutMs) }
      : configuredRoute(endpoint, transport, streamEndpoint, connect)),
    modelId: config.model_name ?? seedModelId,
    aliases: [seedModelId],
    now: () => performance.now(),
  });
}

function configuredRoute(
  endpoint: Endpoint,
  transport: Transport,
  target: Endpoint,
  connect: (target: Endpoint) => Transport,
): { streamRoutes: StreamRoute[]; requiredStream?: Transport } {
  const name = formatEndpoint(target);
  if (name === formatEndpoint(endpoint)) return { streamRoutes: [{ endpoint: name, transport, main: true }] };
  const requiredStream = connect(target);
  return { streamRoutes: [{ endpoint: name, transport: requiredStream, main: false }], requiredStream };
}

function guessedRoutes(
  endpoint: Endpoint,
  transport: Transport,
  connect: (target: Endpoint) => Transport,
  connectTimeoutMs: number,
): StreamRoute[] {
  const routes: StreamRoute[] = [{ endpoint: formatEndpoint(endpoint), transport, main: true }];
  const worker = neighbour(endpoint, workerPortOffset);
  if (worker !== undefined) {
    routes.push({
      endpoint: formatEndpoint(worker),
      transport: connect(worker),
      main: false,
      connectTimeoutMs: Math.min(connectTimeoutMs, guessConnectTimeoutMs),
    });
  }
  return routes;
}
