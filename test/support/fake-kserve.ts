import { createSecureServer, createServer } from "node:http2";
import type { IncomingHttpHeaders, SecureServerOptions, ServerHttp2Stream } from "node:http2";
import type { Socket } from "node:net";
import { bytesOutput, decodeMessage, encodeMessage, inferMessage, tokenMessage } from "./kserve-messages.ts";
import type { Fields } from "./kserve-messages.ts";

/** One call, as the server sees it. */
export interface FakeCall {
  /** Last part of the path, such as `ModelInfer`. */
  readonly method: string;
  /** The request message, decoded. */
  readonly request: Fields;
  /** gRPC metadata and the headers of HTTP. */
  readonly headers: IncomingHttpHeaders;
  /** Settles when the client ends the call before the server did. */
  readonly cancelled: Promise<void>;
  readonly stream: ServerHttp2Stream;
  /** Says that this connection takes no more calls; those under way go on. */
  goAway(): void;
  /** Cuts every connection of the server without a word, as a killed process does. */
  drop(): void;
  /** Sends a message; answers whether the client keeps up. */
  send(message: Uint8Array): boolean;
  /** Ends with a status; without a message before, it comes with the headers. */
  end(status?: number, details?: string, metadata?: Readonly<Record<string, string>>): void;
}

export type FakeHandler = (call: FakeCall) => void | Promise<void>;

export interface FakeKserve {
  readonly endpoint: string;
  readonly port: number;
  /** Every call so far. */
  readonly calls: readonly FakeCall[];
  /** How many connections it has accepted so far. */
  readonly connections: number;
  /** Cuts all connections and stops listening. */
  close(): Promise<void>;
}

/**
 * A gRPC server on 127.0.0.1 whose every frame is up to `handler`. Status 12 for methods that it throws on. With `tls`,
 * behind TLS.
 */
export async function startFakeKserve(
  handler: FakeHandler,
  port = 0,
  tls?: SecureServerOptions,
): Promise<FakeKserve> {
  const calls: FakeCall[] = [];
  const sockets = new Set<Socket>();
  const settings = { initialWindowSize: 1_048_576 };
  const server = tls === undefined ? createServer({ settings }) : createSecureServer({ settings, ...tls });
  server.on("tlsClientError", () => {});
  const drop = () => {
    for (const socket of sockets) socket.destroy();
  };
  let connections = 0;
  server.on("connection", (socket: Socket) => {
    connections++;
    sockets.add(socket);
    socket.on("error", () => {});
    socket.on("close", () => sockets.delete(socket));
  });
  server.on("session", (session) => {
    session.on("error", () => {});
  });
  server.on("stream", (stream: ServerHttp2Stream, headers: IncomingHttpHeaders) => {
    const method = String(headers[":path"]).split("/").at(-1) ?? "";
    stream.on("error", () => {});
    const chunks: Buffer[] = [];
    stream.on("data", (chunk: Buffer) => chunks.push(chunk));
    stream.on("end", () => {
      const message = Buffer.concat(chunks).subarray(5);
      const call = createCall({ stream, method, headers }, message, drop);
      calls.push(call);
      void Promise.resolve(handler(call));
    });
  });
  await new Promise<void>((resolve) => {
    server.listen(port, "127.0.0.1", resolve);
  });
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("the fake server has no port");
  const bound = address.port;
  return {
    endpoint: `127.0.0.1:${bound}`,
    port: bound,
    calls,
    get connections() {
      return connections;
    },
    close() {
      const closed = new Promise<void>((resolve) => {
        server.close(() => resolve());
      });
      drop();
      return closed;
    },
  };
}

function createCall(
  { stream, method, headers }: Pick<FakeCall, "stream" | "method" | "headers">,
  message: Uint8Array,
  drop: () => void,
): FakeCall {
  let ended = false;
  const cancelled = new Promise<void>((resolve) => {
    stream.on("close", () => {
      if (!ended) resolve();
    });
  });
  function respond(): void {
    if (!stream.headersSent)
      stream.respond({ ":status": 200, "content-type": grpc }, { waitForTrailers: true });
  }
  return {
    method,
    request: decodeMessage(
      /^Model(Stream)?Infer$/.test(method) ? "ModelInferRequest" : `${method}Request`,
      message,
    ),
    headers,
    cancelled,
    stream,
    goAway: () => stream.session?.goaway(0),
    drop,
    send(bytes) {
      respond();
      return stream.write(frame(bytes));
    },
    end(status = 0, details = "", metadata = {}) {
      ended = true;
      const trailers = { "grpc-status": String(status), "grpc-message": encodeURI(details), ...metadata };
      if (!stream.headersSent) {
        stream.respond({ ":status": 200, "content-type": grpc, ...trailers }, { endStream: true });
        return;
      }
      stream.on("wantTrailers", () => stream.sendTrailers(trailers));
      stream.end();
    },
  };
}

const grpc = "application/grpc";

/** A message with gRPC's five bytes before it. */
export function frame(bytes: Uint8Array): Buffer {
  const header = Buffer.alloc(5);
  header.writeUInt32BE(bytes.length, 1);
  return Buffer.concat([header, bytes]);
}

export interface AnyserveOptions {
  tokens: readonly string[];
  /** False is a dispatcher: the stream rpc is UNIMPLEMENTED. */
  stream?: boolean;
  modelName?: string;
  contextTokens?: number;
}

/** A handler that answers as AnyServe does. */
export function anyserveHandler(options: AnyserveOptions): FakeHandler {
  return (call) => {
    if (call.method === "ServerReady") {
      call.send(encodeMessage("ServerReadyResponse", { ready: true }));
      call.end();
    } else if (call.method === "ModelStreamInfer" && options.stream !== false) {
      for (const token of options.tokens) call.send(tokenMessage(token));
      call.send(tokenMessage("", "stop"));
      call.end();
    } else if (call.method === "ModelInfer" && call.request["modelName"] === "generate") {
      call.send(inferMessage([bytesOutput("text", options.tokens.join("")), bytesOutput("model", "fake")]));
      call.end();
    } else if (
      call.method === "ModelInfer" &&
      call.request["modelName"] === "model_info" &&
      options.modelName
    ) {
      call.send(
        inferMessage([
          bytesOutput("model_name", options.modelName),
          {
            name: "n_ctx",
            datatype: "INT32",
            shape: [1],
            contents: { intContents: [options.contextTokens ?? 2048] },
          },
        ]),
      );
      call.end();
    } else if (call.method === "ModelInfer") {
      call.end(5, "Model not found");
    } else {
      call.end(12, "Method not found!");
    }
  };
}
