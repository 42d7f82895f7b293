import { Agent as HttpAgent, request as requestHttp } from "node:http";
import type { ClientRequest, IncomingHttpHeaders, IncomingMessage } from "node:http";
import { Agent as HttpsAgent, request as requestHttps } from "node:https";
import { type HttpBody, readBody } from "./body.ts";
import { HttpFailure } from "./http-failure.ts";

export interface HttpClientOptions {
  /** Longest wait for a connection, TLS included, in milliseconds. */
  connectTimeoutMs: number;
}

export interface HttpCall {
  method: "GET" | "POST";
  url: URL;
  headers: Readonly<Record<string, string>>;
  body?: string;
  /** Aborts the call, and the reading of its answer, at any time: the connection is closed at once. */
  signal: AbortSignal;
}

export interface HttpAnswer extends HttpBody {
  status: number;
  headers: IncomingHttpHeaders;
}

/**
 * Calls addresses that the operator configured, over HTTP/1.1, with connections that are used again. There is no limit
 * to the calls at once, and no redirect is followed.
 */
export interface HttpClient {
  /**
   * Resolves with the head of the answer, whatever its status. Rejects with an `HttpFailure`, or with the reason of
   * the call's signal.
   */
  call(call: HttpCall): Promise<HttpAnswer>;
  /** Closes all connections, also those in use, whose calls fail; later calls make new ones. */
  close(): void;
}

const pool = { keepAlive: true, maxSockets: Infinity, maxFreeSockets: 256 };

export function createHttpClient(options: HttpClientOptions): HttpClient {
  const agents = { http: new HttpAgent(pool), https: new HttpsAgent(pool) };
  return {
    async call(call) {
      call.signal.throwIfAborted();
      try {
        return await send(call, agents, options);
      } catch (error) {
        if (!(error instanceof HttpFailure) || !error.isStale) throw error;
        return await send(call, { http: false, https: false }, options);
      }
    },
    close() {
      agents.http.destroy();
      agents.https.destroy();
    },
  };
}

interface Agents {
  http: HttpAgent | false;
  https: HttpsAgent | false;
}

function send(call: HttpCall, agents: Agents, options: HttpClientOptions): Promise<HttpAnswer> {
  const { promise, resolve, reject } = Promise.withResolvers<HttpAnswer>();
  const sent = start(call, agents);
  const fail = (reason: unknown) => {
    settle();
    sent.destroy();
    reject(reason);
  };
  // Events alone do not tell of an abort while there is no connection yet.
  const onAbort = () => fail(call.signal.reason);
  const isConnected = watchConnection(sent, call.url, options, fail);
  const settle = () => {
    isConnected.stop();
    call.signal.removeEventListener("abort", onAbort);
  };
  call.signal.addEventListener("abort", onAbort, { once: true });
  sent.on("error", (cause: Error) => fail(toFailure(cause, sent, isConnected.value())));
  sent.on("close", () => fail(new HttpFailure("cut", "The connection was closed without an answer.")));
  sent.on("response", (response: IncomingMessage) => {
    settle();
    resolve({
      status: response.statusCode ?? 0,
      headers: response.headers,
      ...readBody(response, { destroy: () => sent.destroy(), signal: call.signal }),
    });
  });
  sent.end(call.body);
  return promise;
}

function start({ url, method, headers, body }: HttpCall, agents: Agents): ClientRequest {
  const length = body === undefined ? {} : { "content-length": String(Buffer.byteLength(body)) };
  const sentHeaders = { "accept-encoding": "identity", "user-agent": "oai-serve", ...headers, ...length };
  return url.protocol === "https:"
    ? requestHttps(url, { method, headers: sentHeaders, agent: agents.https })
    : requestHttp(url, { method, headers: sentHeaders, agent: agents.http });
}

interface ConnectionWatch {
  value(): boolean;
  stop(): void;
}

/** Fails the call when no connection is made in time. */
function watchConnection(
  sent: ClientRequest,
  url: URL,
  { connectTimeoutMs }: HttpClientOptions,
  fail: (failure: HttpFailure) => void,
): ConnectionWatch {
  let isConnected = false;
  const timer = setTimeout(() => {
    fail(new HttpFailure("unreachable", `No connection to ${url.host} within ${connectTimeoutMs} ms.`));
  }, connectTimeoutMs);
  const onConnect = () => {
    isConnected = true;
    clearTimeout(timer);
  };
  sent.on("socket", (socket) => {
    if (sent.reusedSocket) onConnect();
    else socket.once(url.protocol === "https:" ? "secureConnect" : "connect", onConnect);
  });
  return { value: () => isConnected, stop: () => clearTimeout(timer) };
}

function toFailure(cause: Error, sent: ClientRequest, isConnected: boolean): HttpFailure {
  if (!isConnected) return new HttpFailure("unreachable", cause.message, { cause });
  return new HttpFailure("cut", cause.message, { cause, isStale: sent.reusedSocket && isReset(cause) });
}

function isReset(error: Error): boolean {
  return "code" in error && (error.code === "ECONNRESET" || error.code === "EPIPE");
}
