import { createEgress } from "../../egress/egress.ts";
import type { Backend } from "../../core/generation.ts";
import { ServeError } from "../../core/error.ts";
import type { Driver, DriverContext } from "../driver.ts";
import { createKserveBackend } from "./backend.ts";
import { createCatalog, seedModelId } from "./catalog.ts";
import { KserveConfig, KserveModelSettings } from "./config.ts";
import type { DialectName } from "./dialects/dialect.ts";
import { formatEndpoint, neighbour, parseEndpoint } from "./endpoint.ts";
import type { Endpoint } from "./endpoint.ts";
import { createLoadImages, type FetchImage } from "./images.ts";
import type { NamedModel } from "./known-models.ts";
import { toModelSettings } from "./settings.ts";
import { createStreamRoutes, type StreamRoute } from "./stream-routes.ts";
import { loadTls } from "./tls.ts";
import { createLazyTransport } from "./transport/lazy.ts";
import type { TlsOptions } from "./transport/tls-credentials.ts";
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
  const { stream_endpoint: streamSetting } = config;
  const streamEndpoint =
    streamSetting === undefined ? undefined : parseEndpoint(streamSetting, `${path}.stream_endpoint`);
  const connect = createConnect(config, context, { main: endpoint, stream: streamEndpoint });
  const transport = connect(endpoint);
  const streams = streamRoutes(context, { endpoint, streamEndpoint, transport, connect });
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
    loadImages: createLoadImages({ fetchImage: createFetchImage(config), maxBytes: maxImageBytes(config) }),
    ...(presumed === undefined ? {} : { presumedModel: presumed }),
  });
}

type Connect = (target: Endpoint) => Transport;

interface Endpoints {
  main: Endpoint;
  stream: Endpoint | undefined;
}

function createConnect(config: KserveConfig, context: DriverContext, endpoints: Endpoints): Connect {
  const tlsOf = createTlsOf(config, endpoints, `backends.${context.id}.tls`);
  const { metadata = {} } = config;
  return (target) => {
    const tls = tlsOf(target);
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

/** TLS for an endpoint as its own scheme says; without one as for the main endpoint. */
function createTlsOf(
  { tls: setting }: KserveConfig,
  { main, stream }: Endpoints,
  path: string,
): (target: Endpoint) => TlsOptions | undefined {
  const files = loadTls(setting, stream?.tls === true ? stream : main, path) ?? {};
  const isMainSecured = main.tls ?? (setting !== undefined && setting !== false);
  return ({ tls = isMainSecured }) => (tls ? files : undefined);
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

interface Connections {
  endpoint: Endpoint;
  streamEndpoint: Endpoint | undefined;
  transport: Transport;
  connect: Connect;
}

interface StreamPlaces {
  of(dialect: DialectName): readonly StreamRoute[];
  required?: Transport;
  others: readonly Transport[];
}

/** Where the stream rpc may be: as configured, else at the endpoint, and for AnyServe also at the worker's port. */
function streamRoutes(
  context: DriverContext,
  { endpoint, streamEndpoint, transport, connect }: Connections,
): StreamPlaces {
  const main: StreamRoute = { endpoint: formatEndpoint(endpoint), transport, main: true };
  if (streamEndpoint !== undefined) {
    const name = formatEndpoint(streamEndpoint);
    if (name === main.endpoint) return { of: () => [main], others: [] };
    const required = connect(streamEndpoint);
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

function maxImageBytes({ images }: KserveConfig): number {
  return images?.max_bytes ?? 20_971_520;
}

function createFetchImage(config: KserveConfig): FetchImage {
  const { allow_hosts: allowHosts = [] } = config.images ?? {};
  if (allowHosts.length === 0) return refuseAddress;
  const egress = createEgress({ allowHosts, maxBytes: maxImageBytes(config), timeoutMs: imageTimeoutMs });
  return (url, param, signal) => egress.fetchBytes(url, param, signal);
}

async function refuseAddress(_url: string, param: string): Promise<never> {
  throw new ServeError(
    "invalid_request",
    "Images by address are not fetched here: send the image as a data URL.",
    { code: "unsupported_value", param },
  );
}
