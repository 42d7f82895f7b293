import type { Server } from "bun";
import { ServeError } from "../core/error.ts";
import type { Handler } from "./handler.ts";

export interface ListenOptions {
  host: string;
  /** 0 takes any free one. */
  port: number;
  maxBodyBytes: number;
}

export interface Listener {
  /** Binds the port; throws what the system says, e.g. a code of `EADDRINUSE`. */
  listen(): { url: string; port: number };
  activeRequests(): number;
  /** Stops accepting; resolves when all running requests have ended. */
  drain(): Promise<void>;
  /** Ends what still runs: an error frame, then the end. */
  cancelAll(): void;
  /** Closes every connection at once. */
  stop(): Promise<void>;
}

/** Long enough for a slow reader, short enough that a silent connection does not live for ever. */
const idleTimeoutSeconds = 30;

export function createListener(handler: Handler, options: ListenOptions): Listener {
  let server: Server<unknown> | undefined;
  return {
    listen() {
      server = Bun.serve({
        hostname: options.host,
        port: options.port,
        idleTimeout: idleTimeoutSeconds,
        // Ours is checked first and answers in the protocol's form; Bun's own 413 is empty.
        maxRequestBodySize: options.maxBodyBytes * 2,
        development: false,
        // Without this, two servers would share the port silently.
        reusePort: false,
        fetch: (request, current) => handler.handle(request, current),
      });
      const { port } = server;
      if (port === undefined) throw new Error("The server has no port.");
      return {
        url: `http://${options.host.includes(":") ? `[${options.host}]` : options.host}:${port}`,
        port,
      };
    },
    activeRequests: () => handler.active.size,
    async drain() {
      await server?.stop();
    },
    cancelAll() {
      handler.active.abortAll(
        () =>
          new ServeError("unavailable", "The server is shutting down.", {
            code: "server_is_overloaded",
            retryAfterSeconds: 1,
          }),
      );
    },
    async stop() {
      await server?.stop(true);
    },
  };
}
