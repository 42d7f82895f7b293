import { ServeError } from "../core/error.ts";

const exposedHeaders = [
  "x-request-id",
  "request-id",
  "openai-processing-ms",
  "openai-version",
  "x-oai-serve-assumed-params",
  "x-oai-serve-ignored-params",
  "x-conversation-id",
  "retry-after",
  "retry-after-ms",
  "x-should-retry",
].join(", ");

const loopbackHost = /^(localhost|127(\.\d{1,3}){3}|\[::1\])$/;
const addressHost = /^(\d{1,3}(\.\d{1,3}){3}|\[[0-9a-f:.]+\])$/i;

export interface CorsOptions {
  /** Origins allowed besides those on this machine; `*` allows all. */
  origins: readonly string[];
  /** With keys configured, a page that has none can do no harm; without, a foreign page must not drive the server. */
  requireKnownOrigin: boolean;
}

export interface Cors {
  /** The value for `access-control-allow-origin`, if any. Throws `permission_denied` for a foreign page. */
  allow(request: Request): string | undefined;
  preflight(request: Request, origin: string, methods: string): Response;
  stamp(headers: Headers, origin: string): void;
}

export function createCors(options: CorsOptions): Cors {
  const listed = new Set(options.origins.map((origin) => origin.replace(/\/$/, "").toLowerCase()));
  return {
    allow(request) {
      const origin = request.headers.get("origin");
      if (origin === null) return undefined;
      if (listed.has("*") || listed.has(origin.toLowerCase()) || isOwn(origin, request)) return origin;
      if (!options.requireKnownOrigin) return undefined;
      throw new ServeError(
        "permission_denied",
        "Pages of this origin may not use the server. The operator can allow it with --cors-origin.",
        { code: "origin_not_allowed" },
      );
    },
    preflight(request, origin, methods) {
      const headers = new Headers({
        "access-control-allow-methods": methods,
        "access-control-max-age": "86400",
      });
      const requested = request.headers.get("access-control-request-headers");
      if (requested !== null) headers.set("access-control-allow-headers", requested);
      if (request.headers.get("access-control-request-private-network") === "true") {
        headers.set("access-control-allow-private-network", "true");
      }
      this.stamp(headers, origin);
      return new Response(null, { status: 204, headers });
    },
    stamp(headers, origin) {
      headers.set("access-control-allow-origin", origin);
      headers.set("access-control-expose-headers", exposedHeaders);
    },
  };
}

/**
 * A page of this machine, or a page that this server itself sent under a plain address. A name in `Host` proves
 * nothing (DNS rebinding), an address cannot be rebound.
 */
function isOwn(origin: string, request: Request): boolean {
  let host: string;
  let hostname: string;
  try {
    ({ host, hostname } = new URL(origin));
  } catch {
    return false;
  }
  return loopbackHost.test(hostname) || (addressHost.test(hostname) && host === request.headers.get("host"));
}
