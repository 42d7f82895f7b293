import type { Server } from "bun";
import { ServeError } from "../core/error.ts";
import type { Handler as WholeHandler } from "./handler.ts";

/** As far as connections go. */
type Handler = Pick<WholeHandler, "active" | "handle">;

export interface ListenOptions {
  host: string;
  /** 0 takes any free one. */
  port: number;
  maxBodyBytes: number;
  /** Of a request that uploads a file, the file alone. */
  maxFileBytes: number;
}

/** The requests of a handler that was replaced. */
export interface Replaced {
  readonly size: number;
  /** Whether all of them ended within so many milliseconds. */
  idle(milliseconds: number): Promise<boolean>;
  /** Ends what still runs: an error frame, then the end. */
  cancelAll(): void;
}

export interface Listener {
  /** Binds the port; throws what the system says, e.g. a code of `EADDRINUSE`. */
  listen(): { url: string; port: number };
  /** From now on `next` answers; no connection notices. What the handler before has begun, it goes on with. */
  replace(next: Handler): Replaced;
  activeRequests(): number;
  /** Stops accepting; resolves when all running requests have ended, and what goes on after them. */
  drain(): Promise<void>;
  /** Ends what still runs: an error frame, then the end. */
  cancelAll(): void;
  /** Closes every connection at once. */
  stop(): Promise<void>;
}

/** Long enough for a slow reader, short enough that a silent connection does not live for ever. */
const idleTimeoutSeconds = 30;
/** What stands around the file in an upload. */
const formBytes = 1 << 20;
/** How often a replaced handler is asked whether it is idle. */
const idlePollMs = 100;

export function createListener(first: Handler, options: ListenOptions): Listener {
  let server: Server<unknown> | undefined;
  let current = first;
  const replaced = new Set<Handler>();
  const handlers = () => [current, ...replaced];

  /** Forgets a replaced handler as soon as nothing of it runs. */
  const idle = async (handler: Handler, milliseconds: number) => {
    const deadline = performance.now() + milliseconds;
    while (handler.active.size > 0) {
      const left = deadline - performance.now();
      if (left <= 0) return false;
      await Bun.sleep(Math.min(left, idlePollMs));
    }
    replaced.delete(handler);
    return true;
  };

  return {
    listen() {
      server = Bun.serve({
        hostname: options.host,
        port: options.port,
        idleTimeout: idleTimeoutSeconds,
        // Ours are checked first and answer in the protocol's form; Bun's own 413 is empty.
        maxRequestBodySize: Math.max(options.maxBodyBytes, options.maxFileBytes + formBytes) * 2,
        development: false,
        // Without this, two servers would share the port silently.
        reusePort: false,
        fetch: (request, bunServer) => current.handle(request, bunServer),
      });
      const { port } = server;
      if (port === undefined) throw new Error("The server has no port.");
      return {
        url: `http://${options.host.includes(":") ? `[${options.host}]` : options.host}:${port}`,
        port,
      };
    },
    replace(next) {
      const handler = current;
      current = next;
      replaced.add(handler);
      return {
        get size() {
          return handler.active.size;
        },
        idle: (milliseconds) => idle(handler, milliseconds),
        cancelAll: () => handler.active.abortAll(() => unavailable("The server's configuration changed.")),
      };
    },
    activeRequests: () => handlers().reduce((sum, { active }) => sum + active.size, 0),
    async drain() {
      await server?.stop();
      await Promise.all(handlers().map((handler) => idle(handler, Infinity)));
    },
    cancelAll() {
      for (const { active } of handlers()) active.abortAll(() => unavailable("The server is shutting down."));
    },
    async stop() {
      await server?.stop(true);
    },
  };
}

function unavailable(message: string): ServeError {
  return new ServeError("unavailable", message, { code: "server_is_overloaded", retryAfterSeconds: 1 });
}
