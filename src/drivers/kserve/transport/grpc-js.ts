import { Client, credentials, Metadata, status } from "@grpc/grpc-js";
import type { ChannelOptions, ClientDuplexStream, ServiceError } from "@grpc/grpc-js";
import { createConnectWatch } from "./connect-watch.ts";
import { createConnectionFaults } from "./connection-faults.ts";
import { MessageQueue } from "./message-queue.ts";
import type { Flow } from "./message-queue.ts";
import { SendTurns } from "./send-turns.ts";
import { createTlsCredentials } from "./tls-credentials.ts";
import type { TlsOptions } from "./tls-credentials.ts";
import { GrpcError, grpcStatus } from "./transport.ts";
import type { CallOptions, Transport } from "./transport.ts";

export interface GrpcJsOptions {
  /** `host:port`. */
  endpoint: string;
  /** Largest message that is taken; a larger one fails the call. */
  maxMessageBytes: number;
  /** Longest wait for a connection, in milliseconds. */
  connectTimeoutMs: number;
  /** Milliseconds between pings while calls are under way. */
  keepaliveMs: number;
  /** Absent: the connection is not encrypted. */
  tls?: TlsOptions;
}

/** Transport by @grpc/grpc-js. Connects with the first call and reconnects by itself. */
export function createGrpcJsTransport(options: GrpcJsOptions): Transport {
  const { tls } = options;
  const { host, port } = splitEndpoint(options.endpoint);
  const faults = createConnectionFaults({ host, port, tls });
  const peer = {
    host,
    handshakeTimeoutMs: options.connectTimeoutMs,
    onHandshake: (failure: string | undefined) => faults.onHandshake(failure),
  };
  const channelCredentials =
    tls === undefined ? credentials.createInsecure() : createTlsCredentials(tls, peer);
  const client = new Client(`dns:${options.endpoint}`, channelCredentials, channelOptions(options));
  const connecting = createConnectWatch(client);
  const turns = new SendTurns();
  const calls = new Set<(error: GrpcError) => void>();
  const toGrpcError = (error: ServiceError) => fromServiceError(error, options.maxMessageBytes);

  /**
   * Calls `fail` when the signal aborts, when no connection comes in time and on close, until the function that
   * comes back is called.
   */
  function guard(call: CallOptions, fail: (error: GrpcError) => void): () => void {
    const onAbort = () => fail(cancelled());
    const stopConnect = connecting.start(call.connectTimeoutMs ?? options.connectTimeoutMs, fail);
    call.signal.addEventListener("abort", onAbort, { once: true });
    calls.add(fail);
    return () => {
      stopConnect();
      call.signal.removeEventListener("abort", onAbort);
      calls.delete(fail);
    };
  }

  function open(queue: MessageQueue, method: string, message: Uint8Array, callOptions: CallOptions): Flow {
    if (callOptions.signal.aborted) {
      queue.end({ reason: cancelled() });
      return idleFlow;
    }
    const metadata = toMetadata(callOptions.metadata ?? {});
    if (metadata === undefined) {
      queue.end({ reason: new GrpcError(grpcStatus.internal, "metadata that gRPC does not allow") });
      return idleFlow;
    }
    let call: Call | undefined;
    const stop = () => {
      release();
      leave();
      call?.cancel();
    };
    const release = guard(callOptions, (error) => {
      const reason = faults.explain(error);
      queue.end({ reason: reason instanceof GrpcError ? reason : error });
      stop();
    });
    const start = () => {
      // The only kind of call that says when its message was sent; on the wire all kinds are alike.
      const started: Call = client.makeBidiStreamRequest(method, toBuffer, identity, metadata, {});
      call = started;
      listen(started, queue, callOptions.signal, () => {
        release();
        leave();
      });
      started.write(message, () => leave());
      started.end();
    };
    const leave = turns.enter(message.length, start);
    return { pause: () => call?.pause(), resume: () => call?.resume(), cancel: stop };
  }

  function listen(call: Call, queue: MessageQueue, signal: AbortSignal, onStatus: () => void): void {
    let failed = false;
    call.on("data", (answer: Uint8Array) => queue.push(answer));
    call.on("end", () => {
      if (!failed) queue.end();
    });
    call.on("error", (error: ServiceError) => {
      failed = true;
      // What came before the failure is still in the stream when reading was paused; reading hands it to `data`.
      while (call.read() !== null);
      const reason = faults.explain(toGrpcError(error));
      if (reason instanceof GrpcError) queue.end({ reason });
      else void endLater(queue, reason, signal);
    });
    call.on("status", onStatus);
  }

  return {
    async unary(method, message, call) {
      const queue = new MessageQueue((opened) => open(opened, method, message, call));
      let answer: Uint8Array | undefined;
      for (let result = await queue.next(); result.done !== true; result = await queue.next()) {
        if (answer !== undefined || result.value.length > 1) {
          await queue.return();
          throw new GrpcError(grpcStatus.internal, "more than one message");
        }
        answer = result.value[0];
      }
      if (answer === undefined) throw new GrpcError(grpcStatus.internal, "no message");
      return answer;
    },

    stream: (method, message, call) => ({
      [Symbol.asyncIterator]: () => new MessageQueue((queue) => open(queue, method, message, call)),
    }),

    close() {
      for (const fail of calls) fail(new GrpcError(grpcStatus.cancelled, "the transport is closed"));
      client.close();
      return Promise.resolve();
    },
  };
}

type Call = ClientDuplexStream<Uint8Array, Uint8Array>;

const idleFlow: Flow = { pause() {}, resume() {}, cancel() {} };

/** Room in flight per stream and per connection; HTTP/2's own 64 KB slows long answers down. */
const windowBytes = 4 * 1_048_576;

function channelOptions(options: GrpcJsOptions): ChannelOptions {
  return {
    "grpc.primary_user_agent": "oai-serve",
    // As other gRPC clients do: who is behind a proxy is named once.
    ...(options.tls?.serverName === undefined ? {} : { "grpc.default_authority": options.tls.serverName }),
    "grpc.max_receive_message_length": options.maxMessageBytes,
    "grpc.max_send_message_length": -1,
    "grpc.keepalive_time_ms": options.keepaliveMs,
    "grpc.keepalive_timeout_ms": 20_000,
    "grpc.initial_reconnect_backoff_ms": 100,
    "grpc.max_reconnect_backoff_ms": 2_000,
    "grpc.dns_min_time_between_resolutions_ms": 2_000,
    // A pool of its own, so that close ends its connections.
    "grpc.use_local_subchannel_pool": 1,
    // An endpoint is a neighbour: neither a proxy from the environment nor a service config from DNS is meant for it.
    "grpc.enable_http_proxy": 0,
    "grpc.service_config_disable_resolution": 1,
    "grpc-node.flow_control_window": windowBytes,
  };
}

async function endLater(queue: MessageQueue, coming: Promise<GrpcError>, signal: AbortSignal): Promise<void> {
  const onAbort = () => queue.end({ reason: cancelled() });
  signal.addEventListener("abort", onAbort, { once: true });
  queue.end({ reason: await coming });
  signal.removeEventListener("abort", onAbort);
}

function cancelled(): GrpcError {
  return new GrpcError(grpcStatus.cancelled, "cancelled by the caller");
}

function fromServiceError(error: ServiceError, maxMessageBytes: number): GrpcError {
  const pushback = Number(error.metadata.get("grpc-retry-pushback-ms")[0] ?? Number.NaN);
  const details = error.details.replace(/\s*Resolution note:\s*$/, "");
  return new GrpcError(error.code, details, {
    ...(Number.isFinite(pushback) && pushback >= 0 ? { retryPushbackMs: pushback } : {}),
    // grpc-js says it with a status of its own; a server that finds our request too large words it with other numbers.
    overReceiveLimit:
      error.code === status.RESOURCE_EXHAUSTED && error.details.includes(`vs ${maxMessageBytes})`),
  });
}

/** Undefined if a name or a value is not one that gRPC takes. */
function toMetadata(fields: Readonly<Record<string, string>>): Metadata | undefined {
  const metadata = new Metadata();
  try {
    for (const [name, value] of Object.entries(fields)) {
      metadata.set(name, name.endsWith("-bin") ? Buffer.from(value, "base64") : value);
    }
    return metadata;
  } catch {
    return undefined;
  }
}

function splitEndpoint(endpoint: string): { host: string; port: number } {
  const colon = endpoint.lastIndexOf(":");
  return { host: endpoint.slice(0, colon).replaceAll(/[[\]]/g, ""), port: Number(endpoint.slice(colon + 1)) };
}

function toBuffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

function identity(bytes: Buffer): Uint8Array {
  return bytes;
}
