import { connectivityState } from "@grpc/grpc-js";
import type { Client } from "@grpc/grpc-js";
import { GrpcError, grpcStatus } from "./transport.ts";

/** Limits how long a call waits for a connection. */
export interface ConnectWatch {
  /**
   * Calls `fail` if the channel has not had a connection for `milliseconds` from now, unless the function that comes
   * back is called before. Once it had one the call is on its own: a server that goes away gracefully takes the
   * channel's connection and goes on with the call.
   */
  start(milliseconds: number, fail: (error: GrpcError) => void): () => void;
}

/** A timer this late says that the process was held up: what came from the network meanwhile is still unread. */
const lateMs = 250;

export function createConnectWatch(client: Client): ConnectWatch {
  const channel = client.getChannel();
  const waiting = new Set<() => void>();
  let watching = false;

  /** One watcher for all calls, as the channel has no way to take one back. */
  function watchState(): void {
    if (watching) return;
    watching = true;
    channel.watchConnectivityState(channel.getConnectivityState(false), Infinity, () => {
      watching = false;
      const state = channel.getConnectivityState(false);
      if (state === connectivityState.READY) for (const stop of waiting) stop();
      if (waiting.size > 0 && state !== connectivityState.SHUTDOWN) watchState();
    });
  }

  return {
    start(milliseconds, fail) {
      const state = channel.getConnectivityState(true);
      if (state === connectivityState.READY) return () => {};
      if (state === connectivityState.SHUTDOWN) {
        queueMicrotask(() => fail(new GrpcError(grpcStatus.cancelled, "the transport is closed")));
        return () => {};
      }
      let dueAt = performance.now() + milliseconds;
      const check = () => {
        if (performance.now() - dueAt > lateMs) {
          dueAt = performance.now() + milliseconds;
          timer = setTimeout(check, milliseconds);
        } else {
          stop();
          fail(new GrpcError(grpcStatus.unavailable, `no connection within ${milliseconds} ms`));
        }
      };
      let timer = setTimeout(check, milliseconds);
      const stop = () => {
        clearTimeout(timer);
        waiting.delete(stop);
      };
      waiting.add(stop);
      watchState();
      return stop;
    },
  };
}
