import type { Transport } from "./transport/transport.ts";
import { GrpcError, grpcStatus } from "./transport/transport.ts";

/** A server that may have the stream rpc. */
export interface StreamRoute {
  endpoint: string;
  transport: Transport;
  /** The endpoint that answers the other rpcs too: when it cannot be reached, nothing can. */
  main: boolean;
  connectTimeoutMs?: number;
}

export interface StreamRoutes {
  /** Those worth a try now, in order. */
  due(): Iterable<StreamRoute>;
  worked(route: StreamRoute): void;
  /**
   * To be told of a failure before the first message. Answers whether the route does not have the stream rpc, so
   * that the next one should be tried; it is then left alone for a while.
   */
  isMissing(route: StreamRoute, error: unknown): boolean;
}

const firstPauseMs = 5_000;
const longestPauseMs = 300_000;
/** A worker that was there is likely to come back soon: until it does, answers come whole. */
const longestPauseOfKnownMs = 1_000;

/**
 * Remembers which of `routes` have the stream rpc. One that has not is asked again after a pause, by one request at
 * a time, so that a worker that comes later is found. The pause doubles for one that never had it.
 */
export function createStreamRoutes(routes: readonly StreamRoute[], now: () => number): StreamRoutes {
  const failures = new Map<StreamRoute, Failure>();
  const known = new Set<StreamRoute>();

  /** Puts the next try off, so that the requests beside this one do not try as well. */
  function pause(route: StreamRoute, count: number, isRetried: boolean): void {
    const longest = known.has(route) ? longestPauseOfKnownMs : longestPauseMs;
    const milliseconds = Math.min(firstPauseMs * 2 ** (count - 1), longest);
    failures.set(route, { count, retryAt: now() + milliseconds, isRetried });
  }

  return {
    *due() {
      for (const route of routes) {
        const failure = failures.get(route);
        if (failure !== undefined) {
          if (now() < failure.retryAt) continue;
          pause(route, failure.count, true);
        }
        yield route;
      }
    },

    worked(route) {
      failures.delete(route);
      known.add(route);
    },

    isMissing(route, error) {
      if (!(error instanceof GrpcError) || !saysMissing(route, error)) return false;
      const failure = failures.get(route);
      // Requests that set out together fail together: that is one failure.
      if (failure === undefined) pause(route, 1, false);
      else if (failure.isRetried) pause(route, Math.min(failure.count + 1, 10), false);
      return true;
    },
  };
}

interface Failure {
  count: number;
  /** Milliseconds, monotonic. */
  retryAt: number;
  /** Whether a request is trying the route now. */
  isRetried: boolean;
}

function saysMissing(route: StreamRoute, error: GrpcError): boolean {
  switch (error.code) {
    case grpcStatus.unimplemented:
      return true;
    case grpcStatus.notFound:
      // AnyServe says so of the rpc, as it has no worker for it; Triton of the model.
      return !/request for unknown model/i.test(error.details);
    case grpcStatus.unavailable:
      return !route.main;
    default:
      return false;
  }
}
