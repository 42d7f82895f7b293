import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from "node:http";
import type { Socket } from "node:net";
import { isRecord, type JsonRecord } from "../../../src/core/json.ts";
import { type ChunkAnswer, replyChunks, wholeReply, type Reply } from "./reply.ts";

/** Fields of a request's JSON body. */
export type UpstreamBody = JsonRecord;

/** One request, as the server saw it. */
export interface UpstreamRequest {
  readonly method: string;
  /** With `/v1`, without the query. */
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  /** Empty where the body is no JSON object. */
  readonly body: UpstreamBody;
  /** Settles when the client's end of the connection closes before the answer was complete. */
  readonly aborted: Promise<void>;
  readonly isAborted: boolean;
}

/**
 * What a script answers with:
 *
 * - a `Reply`: in OpenAI's form, as a stream or whole, as the request asks;
 * - `chunks`: a stream of server-sent events, each an object (sent as JSON) or a string (sent as it is);
 * - `whole`: JSON, whatever the request asked for; with `status`, an error;
 * - `raw`: bytes as they are, each item in a write of its own, with headers of its own;
 * - `hang`: nothing at all.
 */
export type UpstreamAnswer =
  | Reply
  | ChunkAnswer
  | { whole: unknown; status?: number; headers?: Readonly<Record<string, string>> }
  | {
      raw: Pieces;
      status?: number;
      headers?: Readonly<Record<string, string>>;
      ending?: "end" | "hang" | "drop";
    }
  | "hang";

export type Pieces =
  | Iterable<string | Uint8Array | Promise<string | Uint8Array>>
  | AsyncIterable<string | Uint8Array>;

/** Decides the answer to each POST; `call` counts them from 1. */
export type UpstreamScript = (
  body: UpstreamBody,
  call: number,
  request: UpstreamRequest,
) => UpstreamAnswer | Promise<UpstreamAnswer>;

export interface UpstreamOptions {
  /** Entries of `GET /v1/models`; ids, or whole objects. */
  models?: readonly (string | UpstreamBody)[];
  port?: number;
  /** Sees each request as it comes. */
  onRequest?: (request: UpstreamRequest) => void;
}

export interface Upstream {
  /** Base URL with `/v1`. */
  readonly url: string;
  readonly port: number;
  /** Every request so far, `GET /v1/models` included. */
  readonly requests: readonly UpstreamRequest[];
  /** Every POST so far: what the script was asked. */
  readonly calls: readonly UpstreamRequest[];
  /** Requests whose client went away before the answer was complete. */
  readonly aborts: number;
  /** Connections that it has accepted so far. */
  readonly connections: number;
  /** Connections that are open now. */
  readonly open: number;
  /** Settles with the request once so many POSTs have come. */
  called(count?: number): Promise<UpstreamRequest>;
  /** Cuts all connections and stops listening. */
  close(): Promise<void>;
}

/** An OpenAI-compatible server on 127.0.0.1 whose every answer is up to `script`. Takes any key. */
export async function startUpstream(
  script: UpstreamScript = () => ({ text: "Hello" }),
  options: UpstreamOptions = {},
): Promise<Upstream> {
  const requests: UpstreamRequest[] = [];
  const calls: UpstreamRequest[] = [];
  const waiting: { count: number; resolve: (request: UpstreamRequest) => void }[] = [];
  const sockets = new Set<Socket>();
  let [aborts, connections] = [0, 0];

  async function serve(message: IncomingMessage, response: ServerResponse): Promise<void> {
    response.on("error", () => {});
    const request = await receive(message, response, () => aborts++);
    requests.push(request);
    options.onRequest?.(request);
    if (request.method === "GET" && request.path.endsWith("/models")) {
      sendJson(response, 200, { object: "list", data: (options.models ?? ["gpt-4o-mini"]).map(toModel) });
      return;
    }
    calls.push(request);
    for (const { count, resolve } of waiting) if (calls.length >= count) resolve(request);
    await send(response, await script(request.body, calls.length, request), request);
  }

  const server = createServer((message, response) => {
    serve(message, response).catch((error: unknown) => {
      if (response.headersSent) response.destroy();
      else sendJson(response, 500, { error: { message: `The script failed: ${String(error)}` } });
    });
  });
  server.on("connection", (socket: Socket) => {
    connections++;
    sockets.add(socket);
    socket.on("error", () => {});
    socket.on("close", () => sockets.delete(socket));
  });
  await new Promise<void>((resolve) => {
    server.listen(options.port ?? 0, "127.0.0.1", 4_096, resolve);
  });
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("the upstream has no port");
  const { port } = address;
  return {
    url: `http://127.0.0.1:${port}/v1`,
    port,
    requests,
    calls,
    get aborts() {
      return aborts;
    },
    get connections() {
      return connections;
    },
    get open() {
      return sockets.size;
    },
    called(count = 1) {
      const request = calls[count - 1];
      if (request !== undefined) return Promise.resolve(request);
      return new Promise((resolve) => {
        waiting.push({ count, resolve });
      });
    },
    close() {
      const closed = new Promise<void>((resolve) => {
        server.close(() => resolve());
      });
      server.closeAllConnections();
      for (const socket of sockets) socket.destroy();
      return closed;
    },
  };
}

async function receive(
  message: IncomingMessage,
  response: ServerResponse,
  onAbort: () => void,
): Promise<UpstreamRequest> {
  let isAborted = false;
  const aborted = new Promise<void>((resolve) => {
    response.on("close", () => {
      if (response.writableFinished || isAborted) return;
      isAborted = true;
      onAbort();
      resolve();
    });
  });
  const chunks: Buffer[] = [];
  for await (const chunk of message as AsyncIterable<Buffer>) chunks.push(chunk);
  const text = Buffer.concat(chunks).toString();
  return {
    method: message.method ?? "",
    path: (message.url ?? "").replace(/\?.*$/, ""),
    headers: message.headers,
    body: toBody(text),
    aborted,
    get isAborted() {
      return isAborted;
    },
  };
}

function toBody(text: string): UpstreamBody {
  try {
    const value: unknown = JSON.parse(text);
    return isRecord(value) ? value : {};
  } catch {
    return {};
  }
}

function toModel(model: string | UpstreamBody): UpstreamBody {
  return typeof model === "string"
    ? { id: model, object: "model", created: 1_763_600_000, owned_by: "upstream" }
    : model;
}

async function send(
  response: ServerResponse,
  answer: UpstreamAnswer,
  { body }: UpstreamRequest,
): Promise<void> {
  if (answer === "hang") return;
  if ("whole" in answer) {
    sendJson(response, answer.status ?? 200, answer.whole, answer.headers);
    return;
  }
  if ("raw" in answer) {
    response.writeHead(answer.status ?? 200, answer.headers ?? eventStream);
    await write(response, answer.raw, answer.ending);
    return;
  }
  if (!("chunks" in answer) && body["stream"] !== true) {
    sendJson(response, 200, wholeReply(answer, body));
    return;
  }
  const stream = "chunks" in answer ? answer : replyChunks(answer, body);
  response.writeHead(200, { ...eventStream, ...stream.headers });
  await write(response, toFrames(stream), stream.ending);
}

const eventStream = { "content-type": "text/event-stream; charset=utf-8", "cache-control": "no-cache" };

async function* toFrames({ chunks, done, ending }: ChunkAnswer): AsyncGenerator<string> {
  for await (const chunk of chunks) {
    yield typeof chunk === "string" ? chunk : `data: ${JSON.stringify(chunk)}\n\n`;
  }
  if (done !== false && (ending ?? "end") === "end") yield "data: [DONE]\n\n";
}

/** Each piece in a write of its own, none before the client has room for it. */
async function write(
  response: ServerResponse,
  pieces: Pieces,
  ending: "end" | "hang" | "drop" = "end",
): Promise<void> {
  response.flushHeaders();
  for await (const piece of pieces) {
    if (response.destroyed) return;
    if (!response.write(piece)) await roomIn(response);
    // Lets the piece leave in a packet of its own.
    await new Promise((resolve) => setImmediate(resolve));
  }
  if (ending === "end") response.end();
  else if (ending === "drop") response.socket?.destroy();
}

/** Settles when the client has taken what was written, or left. */
function roomIn(response: ServerResponse): Promise<void> {
  return new Promise((resolve) => {
    const settle = () => {
      response.off("drain", settle);
      response.off("close", settle);
      resolve();
    };
    response.on("drain", settle);
    response.on("close", settle);
  });
}

function sendJson(
  response: ServerResponse,
  status: number,
  value: unknown,
  headers: Readonly<Record<string, string>> = {},
): void {
  response.writeHead(status, { "content-type": "application/json", ...headers });
  response.end(typeof value === "string" ? value : JSON.stringify(value));
}
