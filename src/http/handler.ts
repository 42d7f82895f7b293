import type { Server } from "bun";
import { ServeError } from "../core/error.ts";
import type { JsonRecord } from "../core/json.ts";
import type { Log } from "../core/log.ts";
import type { Authenticate } from "./auth.ts";
import { giveBody } from "./body.ts";
import { type ActiveCalls, type Call, callOf, createActiveCalls, createCall, moveCall } from "./call.ts";
import type { Cors } from "./cors.ts";
import { errorResponse } from "./errors.ts";
import { failed } from "./failed.ts";
import type { ProtocolOf } from "./protocols/protocol.ts";
import { canonicalPath, type RouteTable, shown, toUrl } from "./path.ts";

export interface HandlerDeps {
  /** The application behind: gets a request whose call is known and whose path is canonical. */
  route(request: Request): Response | Promise<Response>;
  routes: RouteTable;
  /** Paths that need no key; everything else does, whether or not there is such a route. */
  isPublic(path: string): boolean;
  authenticate: Authenticate;
  /** Whether one of the keys that may call now gives this name, or nobody needs a key and it is empty. */
  isOwner(owner: string): boolean;
  protocolOf: ProtocolOf;
  cors: Cors;
  log: Log;
}

/** Where a request goes. */
interface Addressed {
  url: URL;
  /** The canonical one. */
  path: string;
}

/** A request of the server's own, in the name of one who asked for it before. */
export interface InnerRequest {
  /** A canonical one. */
  path: string;
  /** What is posted; it has gone through `parseJson`. */
  body: JsonRecord;
  /** `CallContext.owner`, empty where no keys are configured. */
  owner: string;
  /** Its client, in a way: once it aborts nobody waits for the answer. */
  signal: AbortSignal;
}

export interface Handler {
  readonly active: ActiveCalls;
  handle(request: Request, server: Server<unknown>): Promise<Response>;
  /** What a client with that key would be answered. Never rejects. */
  ask(inner: InnerRequest): Promise<Response>;
}

/** What every request passes, in this order: the call, CORS, the key, the route, the headers of the answer. */
export function createHandler(deps: HandlerDeps): Handler {
  const active = createActiveCalls();

  /** One call from its begin to its answer; a failure is an answer as well. */
  async function serve(
    request: Request,
    server: Pick<Server<unknown>, "timeout">,
    answer: (addressed: Addressed) => Promise<Response>,
  ): Promise<Response> {
    const call = createCall(request, server, deps.log, active);
    const release = call.retain();
    const url = toUrl(request.url);
    const path = canonicalPath(url.pathname, deps.routes);
    call.protocol = deps.protocolOf(path, request.headers);
    let response: Response;
    try {
      response = await answer({ url, path });
    } catch (thrown) {
      response = failed(request, thrown);
    } finally {
      release();
    }
    stamp(response.headers, call);
    call.log.debug(`← ${response.status} ${request.method} ${shown(toUrl(request.url).pathname)}`);
    return response;
  }

  async function route(request: Request, { url, path }: Addressed): Promise<Response> {
    const methods = deps.routes.methods(path);
    if (methods.length === 0) {
      throw new ServeError("not_found", `There is no ${request.method} ${shown(url.pathname)} here.`, {
        code: "unknown_url",
      });
    }
    if (!methods.includes(request.method) && !(request.method === "HEAD" && methods.includes("GET"))) {
      return notAllowed(request, url.pathname, methods);
    }
    url.pathname = path;
    url.hash = "";
    if (url.href === request.url) return await deps.route(request);
    const moved = new Request(url.href, request);
    moveCall(request, moved);
    return await deps.route(moved);
  }

  /** A page's preflight, before any key is asked for; or somebody who wants to know whether the server is there. */
  function options(request: Request, origin: string | undefined, path: string): Response {
    const offered = [...new Set([...deps.routes.methods(path), "OPTIONS"])].join(", ");
    if (origin !== undefined) return deps.cors.preflight(request, origin, offered);
    return new Response(null, { status: 204, headers: { allow: offered } });
  }

  return {
    active,
    async handle(request, server) {
      let origin: string | undefined;
      const response = await serve(request, server, async (addressed) => {
        origin = deps.cors.allow(request);
        if (request.method === "OPTIONS") return options(request, origin, addressed.path);
        if (!deps.isPublic(addressed.path)) {
          callOf(request).identify(deps.authenticate(request.headers));
        }
        return await route(request, addressed);
      });
      if (origin !== undefined && request.method !== "OPTIONS") deps.cors.stamp(response.headers, origin);
      return response;
    },
    async ask({ path, body, owner, signal }) {
      const request = new Request(`http://localhost${path}`, { method: "POST", signal });
      giveBody(request, body);
      return await serve(request, noServer, async (addressed) => {
        if (!deps.isOwner(owner)) throw unknownOwner();
        if (owner !== "") callOf(request).identify(owner);
        return await route(request, addressed);
      });
    },
  };
}

/** There is no connection that could be idle. */
const noServer = { timeout: () => {} };

function unknownOwner(): ServeError {
  return new ServeError(
    "unauthenticated",
    "The API key with which this was asked for is not valid any more.",
    {
      code: "invalid_api_key",
    },
  );
}

function notAllowed(request: Request, path: string, methods: readonly string[]): Response {
  const error = new ServeError("method_not_allowed", `${shown(path)} does not take ${request.method}.`, {
    code: "method_not_allowed",
  });
  const response = errorResponse(error, callOf(request));
  response.headers.set("allow", methods.join(", "));
  return response;
}

function stamp(headers: Headers, call: Call): void {
  headers.set("x-request-id", call.requestId);
  for (const [name, value] of Object.entries(call.protocol.headers(call))) headers.set(name, value);
  // What is allowed depends on the page that asks, also where none did.
  headers.append("vary", "origin");
}
