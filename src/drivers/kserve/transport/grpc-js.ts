import { Client, connectivityState, credentials, Metadata, status } from "@grpc/grpc-js";
import type { ChannelOptions, ServiceError } from "@grpc/grpc-js";
import { MessageQueue } from "./message-queue.ts";
import type { Flow } from "./message-queue.ts";
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
}

/** Transport by @grpc/grpc-js, without TLS. Connects with the first call and reconnects by itself. */
export function createGrpcJsTransport(options: GrpcJsOptions): Transport {
  const client = new Client(`dns:${options.endpoint}`, credentials.createInsecure(), channelOptions(options));
  const calls = new Set<(error: GrpcError) => void>();
  const toGrpcError = (error: ServiceError) => fromServiceError(error, options.maxMessageBytes);

  /**
   * Calls `fail` when the signal aborts, when no connection comes in time and on close, until the function that
   * comes back is called.
   */
  function guard(call: CallOptions, fail: (error: GrpcError) => void): () => void {
    const onAbort = () => fail(cancelled());
    const stopConnect = watchConnect(call.connectTimeoutMs ?? options.connectTimeoutMs, fail);
    call.signal.addEventListener("abort", onAbort, { once: true });
    calls.add(fail);
    return () => {
      stopConnect();
      call.signal.removeEventListener("abort", onAbort);
      calls.delete(fail);
    };
  }

  function watchConnect(milliseconds: number, fail: (error: GrpcError) => void): () => void {
    const channel = client.getChannel();
    if (channel.getConnectivityState(true) === connectivityState.READY) return () => {};
    let dueAt = performance.now() + milliseconds;
    const check = () => {
      if (channel.getConnectivityState(false) === connectivityState.READY) return;
      if (performance.now() - dueAt > lateMs) {
        dueAt = performance.now() + milliseconds;
        timer = setTimeout(check, milliseconds);
      } else {
        fail(new GrpcError(grpcStatus.unavailable, `no connection within ${milliseconds} ms`));
      }
    };
    let timer = setTimeout(check, milliseconds);
    return () => clearTimeout(timer);
  }

  function open(queue: MessageQueue, method: string, message: Uint8Array, callOptions: CallOptions): Flow {
    if (callOptions.signal.aborted) {
      queue.end({ reason: cancelled() });
      return idleFlow;
    }
    const call = client.makeServerStreamRequest(method, toBuffer, identity, message, new Metadata(), {});
    const release = guard(callOptions, (error) => {
      queue.end({ reason: error });
      call.cancel();
    });
    call.on("data", (answer: Buffer) => queue.push(answer));
    call.on("end", () => queue.end());
    call.on("error", (error: ServiceError) => {
      // What came before the failure is still in the stream when reading was paused; reading hands it to `data`.
      while (call.read() !== null);
      queue.end({ reason: toGrpcError(error) });
    });
    call.on("status", release);
    return { pause: () => call.pause(), resume: () => call.resume(), cancel: () => call.cancel() };
  }

  return {
    unary(method, message, call) {
      if (call.signal.aborted) return Promise.reject(cancelled());
      return new Promise((resolve, reject) => {
        const request = client.makeUnaryRequest(
          method,
          toBuffer,
          identity,
          message,
          new Metadata(),
          {},
          (error, answer) => {
            release();
            if (answer !== undefined) resolve(answer);
            else
              reject(error === null ? new GrpcError(grpcStatus.internal, "no message") : toGrpcError(error));
          },
        );
        const release = guard(call, (error) => {
          reject(error);
          request.cancel();
        });
      });
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

/** A timer this late says that the process was held up: what came from the network meanwhile is still unread. */
const lateMs = 250;

const idleFlow: Flow = { pause() {}, resume() {}, cancel() {} };

/** Room in flight per stream and per connection; HTTP/2's own 64 KB slows long answers down. */
const windowBytes = 4 * 1_048_576;

function channelOptions(options: GrpcJsOptions): ChannelOptions {
  return {
    "grpc.primary_user_agent": "oai-serve",
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

function toBuffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

function identity(bytes: Buffer): Uint8Array {
  return bytes;
}
