import { connect, type Socket } from "node:net";
import { type AnyElysia, Elysia } from "elysia";
import { createAuthenticate, createIsOwner } from "../../src/http/auth.ts";
import { createCors } from "../../src/http/cors.ts";
import { failed } from "../../src/http/failed.ts";
import { createHandler, type Handler } from "../../src/http/handler.ts";
import { createListener, type Listener } from "../../src/http/listener.ts";
import { createRouteTable } from "../../src/http/path.ts";
import { anthropic } from "../../src/http/protocols/anthropic.ts";
import { openai } from "../../src/http/protocols/openai.ts";
import { createProtocolOf } from "../../src/http/protocols/protocol.ts";
import type { Log } from "../../src/core/log.ts";
import { type MemoryLog, memoryLog } from "../support/calls.ts";

export interface Served extends AsyncDisposable {
  url: string;
  port: number;
  log: MemoryLog;
  listener: Listener;
}

export interface RoutesOptions {
  keys?: readonly string[];
  origins?: readonly string[];
  openPaths?: readonly string[];
  log?: Log;
}

/** Routes behind everything that a request passes. */
export function createRoutesHandler(app: AnyElysia, options: RoutesOptions = {}): Handler {
  const { keys = [], origins = [], openPaths = [], log = memoryLog() } = options;
  const whole = new Elysia({ normalize: false })
    .onError(({ error, request }) => failed(request, error))
    .use(app);
  return createHandler({
    route: (request) => whole.fetch(request),
    routes: createRouteTable(whole.routes),
    isPublic: (path) => openPaths.includes(path),
    authenticate: createAuthenticate(keys),
    isOwner: createIsOwner(keys),
    protocolOf: createProtocolOf(openai, [{ path: "/anthropic", protocol: anthropic }]),
    cors: createCors({ origins, requireKnownOrigin: keys.length === 0 }),
    log,
  });
}

/** The same, on a free port of this machine. */
export function serveRoutes(app: AnyElysia, options: Omit<RoutesOptions, "log"> = {}): Served {
  const log = memoryLog();
  const handler = createRoutesHandler(app, { ...options, log });
  const listener = createListener(handler, {
    host: "127.0.0.1",
    port: 0,
    maxBodyBytes: 64 << 20,
    maxFileBytes: 1,
  });
  const { url, port } = listener.listen();
  return { url, port, log, listener, [Symbol.asyncDispose]: () => listener.stop() };
}

export interface RawClient {
  socket: Socket;
  /** Everything that came so far. */
  received(): string;
  /** Resolves when the connection has closed, whoever closed it. */
  closed: Promise<void>;
}

/** A connection on which `text` was written as it is. */
export function rawClient(port: number, text: string): RawClient {
  const socket = connect(port, "127.0.0.1", () => socket.write(text));
  const { promise: closed, resolve } = Promise.withResolvers<void>();
  let received = "";
  socket.setEncoding("utf8");
  socket.on("data", (part) => {
    received += part.toString();
  });
  socket.on("error", () => {});
  socket.on("close", () => resolve());
  return { socket, received: () => received, closed };
}
