import { createEgress } from "../../egress/egress.ts";
import type { Backend } from "../../core/generation.ts";
import { ServeError } from "../../core/error.ts";
import type { Driver, DriverContext } from "../driver.ts";
import { createKserveBackend } from "./backend.ts";
import { createCatalog, type NamedModel, seedModelId } from "./catalog.ts";
import { KserveConfig, KserveModelSettings } from "./config.ts";
import type { DialectName } from "./dialects/dialect.ts";
import { formatEndpoint, neighbour, parseEndpoint } from "./endpoint.ts";
import type { Endpoint } from "./endpoint.ts";
import { createLoadImages, type FetchImage } from "./images.ts";
import { toModelSettings } from "./settings.ts";
import { createStreamRoutes, type StreamRoute } from "./stream-routes.ts";
import { loadTls } from "./tls.ts";
import { createLazyTransport } from "./transport/lazy.ts";
import type { Transport } from "./transport/transport.ts";
import { withMetadata } from "./transport/with-metadata.ts";

/**
 * KServe v2 over gRPC. `create` reads the files that the configuration names and throws `ConfigError` for what is
 * wrong with it.
 */
export const kserveDriver: Driver<KserveConfig> = {
  configSchema: KserveConfig,
  modelSchema: KserveModelSettings,
  create,
};

/** An AnyServe worker listens so many ports above its dispatcher, which has no stream rpc. */
const workerPortOffset = 100;
/** A guessed port may be one that a firewall swallows: it must not hold a request up for long. */
const guessConnectTimeoutMs = 1_000;

function create(config: KserveConfig, context: DriverContext): Backend {
  const path = `backends.${context.id}`;
  const endpoint = parseEndpoint(config.endpoint, `${path}.endpoint`);
  const connect = createConnect(config, context, endpoint);
  const transport = connect(endpoint);
  const streams = streamRoutes(config, context, { endpoint, transport, connect });
  const settings = toModelSettings(config, path);
  const presumed = config.dialect === "anyserve" ? (config.model_name ?? seedModelId) : undefined;
  return createKserveBackend({
    id: context.id,
    endpoint: formatEndpoint(endpoint),
    log: context.log,
    catalog: createCatalog({
      id: context.id,
      transport,
      log: context.log,
      named: namedModels(config, context),
      settings,
      modelName: config.model_name,
      createRoutes: (dialect) => createStreamRoutes(streams.of(dialect), () => performance.now()),
    }),
    transport,
    ...(streams.required === undefined ? {} : { requiredStream: streams.required }),
    transports: [transport, ...streams.others],
    loadImages: createLoadImages(createFetchImage(config)),
    ...(presumed === undefined ? {} : { presumedModel: presumed }),
  });
}

type Connect = (target: Endpoint) => Transport;

function createConnect(config: KserveConfig, context: DriverContext, main: Endpoint): Connect {
  const tls = loadTls(config.tls, main, `backends.${context.id}.tls`);
  const { metadata = {} } = config;
  return (target) => {
    const transport = createLazyTransport(async () => {
      const { createGrpcJsTransport } = await import("./transport/grpc-js.ts");
      return createGrpcJsTransport({
        endpoint: formatEndpoint(target),
        maxMessageBytes: config.max_message_bytes ?? 67_108_864,
        connectTimeoutMs: context.connectTimeoutMs,
        keepaliveMs: (config.keepalive_seconds ?? 310) * 1_000,
        ...(tls === undefined ? {} : { tls }),
      });
    });
    return Object.keys(metadata).length === 0 ? transport : withMetadata(transport, metadata);
  };
}

/** The model's own settings win over the backend's. */
function namedModels(config: KserveConfig, context: DriverContext): Map<string, NamedModel> {
  const { models = {} } = context;
  return new Map(
    Object.entries(models).map(([id, { target, settings }]) => [
      id,
      { target, settings: toModelSettings({ ...config, ...settings }, `models.${id}`) },
    ]),
  );
}

interface StreamPlaces {
  of(dialect: DialectName): readonly StreamRoute[];
  required?: Transport;
  others: readonly Transport[];
}

/** Where the stream rpc may be: as configured, else at the endpoint, and for AnyServe also at the worker's port. */
function streamRoutes(
  config: KserveConfig,
  context: DriverContext,
  { endpoint, transport, connect }: { endpoint: Endpoint; transport: Transport; connect: Connect },
): StreamPlaces {
  const main: StreamRoute = { endpoint: formatEndpoint(endpoint), transport, main: true };
  if (config.stream_endpoint !== undefined) {
    const target = parseEndpoint(config.stream_endpoint, `backends.${context.id}.stream_endpoint`);
    const name = formatEndpoint(target);
    if (name === main.endpoint) return { of: () => [main], others: [] };
    const required = connect(target);
    return { of: () => [{ endpoint: name, transport: required, main: false }], required, others: [required] };
  }
  const port = neighbour(endpoint, workerPortOffset);
  if (port === undefined) return { of: () => [main], others: [] };
  const worker: StreamRoute = {
    endpoint: formatEndpoint(port),
    transport: connect(port),
    main: false,
    connectTimeoutMs: Math.min(context.connectTimeoutMs, guessConnectTimeoutMs),
  };
  return { of: (dialect) => (dialect === "anyserve" ? [main, worker] : [main]), others: [worker.transport] };
}

const imageTimeoutMs = 20_000;

function createFetchImage({ images = {} }: KserveConfig): FetchImage {
  const { allow_hosts: allowHosts = [], max_bytes: maxBytes = 20_971_520 } = images;
  if (allowHosts.length === 0) return refuseAddress;
  const egress = createEgress({ allowHosts, maxBytes, timeoutMs: imageTimeoutMs });
  return async (url, param, signal) => (await egress.fetchBytes(url, param, signal)).bytes;
}

async function refuseAddress(_url: string, param: string): Promise<never> {
  throw new ServeError(
    "invalid_request",
    "Images by address are not fetched here: send the image as a data URL.",
    { code: "unsupported_value", param },
  );
}
