import { describe, expect, test } from "bun:test";
import { createServer, type Socket } from "node:net";
import { createHttpClient, type HttpCall } from "../../src/egress/client.ts";
import { HttpFailure } from "../../src/egress/http-failure.ts";
import { failureOf } from "../support/failure.ts";

interface RawServer {
  url: URL;
  /** Connections so far. */
  readonly sockets: readonly Socket[];
  [Symbol.asyncDispose](): Promise<void>;
}

/** Answers the request of that number on that connection, both from 1. */
type Answer = (socket: Socket, request: number, connection: number) => void;

async function startRaw(answer: Answer, protocol = "http:"): Promise<RawServer> {
  const sockets: Socket[] = [];
  const server = createServer((socket) => {
    sockets.push(socket);
    const connection = sockets.length;
    let requests = 0;
    socket.on("error", () => {});
    socket.on("data", () => answer(socket, ++requests, connection));
  });
  await new Promise<void>((resolve) => {
    server.listen(0, "127.0.0.1", resolve);
  });
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("the server has no port");
  return {
    url: new URL(`${protocol}//127.0.0.1:${address.port}/`),
    sockets,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      await new Promise<void>((resolve) => {
        server.close(() => resolve());
      });
    },
  };
}

const client = createHttpClient({ connectTimeoutMs: 200 });

function call(url: URL, signal = new AbortController().signal): HttpCall {
  return { method: "POST", url, headers: {}, body: "{}", signal };
}

async function read(given: HttpCall): Promise<string> {
  const answer = await client.call(given);
  const chunks: Uint8Array[] = [];
  for await (const chunk of answer.chunks) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
}

const whole = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok";
const begun = "HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nok";

describe("the client for configured addresses", () => {
  test("reads a body to its end and uses its connection again", async () => {
    await using server = await startRaw((socket) => socket.write(whole));

    expect([await read(call(server.url)), await read(call(server.url))]).toEqual(["ok", "ok"]);
    expect(server.sockets).toHaveLength(1);
  });

  test("asks once more where the server had closed a connection that was to be used again", async () => {
    await using server = await startRaw((socket, request) => {
      if (request === 1) socket.write(whole);
      else socket.destroy();
    });

    expect([await read(call(server.url)), await read(call(server.url))]).toEqual(["ok", "ok"]);
    expect(server.sockets).toHaveLength(2);
  });

  test("does not ask again where a new connection is closed", async () => {
    await using server = await startRaw((socket) => socket.destroy());

    const failure = await read(call(server.url)).catch((error: unknown) => error);

    expect(failure).toMatchObject({ name: "HttpFailure", reason: "cut" });
    expect(server.sockets).toHaveLength(1);
  });

  test("fails where a body is cut off", async () => {
    await using server = await startRaw((socket) => socket.end(begun));

    expect(await failureOf(read(call(server.url)))).toMatchObject({ reason: "cut" });
  });

  test("tells whether a body's end can be trusted", async () => {
    await using server = await startRaw((socket, _request, connection) => {
      socket.end(connection === 1 ? "HTTP/1.1 200 OK\r\n\r\nok" : whole);
    });

    const [open, framed] = [await client.call(call(server.url)), await client.call(call(server.url))];

    expect([open.hasFraming, framed.hasFraming]).toEqual([false, true]);
    open.discard();
    framed.discard();
  });

  test("follows no redirect", async () => {
    await using server = await startRaw((socket) => {
      socket.write("HTTP/1.1 302 Found\r\nlocation: /x\r\ncontent-length: 0\r\n\r\n");
    });

    const answer = await client.call(call(server.url));

    expect(answer.status).toBe(302);
    answer.discard();
  });

  test("gives up on a connection that is not made in time", async () => {
    // The port is open, but nobody answers the handshake.
    await using server = await startRaw(() => {}, "https:");

    expect(await failureOf(read(call(server.url)))).toMatchObject({ reason: "unreachable" });
  });

  test("does not speak to a server that it cannot trust", async () => {
    await using server = await startRaw((socket) => socket.end("no TLS"), "https:");

    expect(await failureOf(read(call(server.url)))).toBeInstanceOf(HttpFailure);
  });

  const aborts: readonly [string, string][] = [
    ["before the answer", ""],
    ["within the body", begun],
  ];
  for (const [when, text] of aborts) {
    test(`an abort ${when} closes the connection at once`, async () => {
      const asked = Promise.withResolvers<Socket>();
      await using server = await startRaw((socket) => {
        socket.write(text);
        asked.resolve(socket);
      });
      const controller = new AbortController();
      const reading = read(call(server.url, controller.signal)).catch((error: unknown) => error);
      const socket = await asked.promise;
      const closed = new Promise<void>((resolve) => {
        socket.on("close", () => resolve());
      });
      const reason = new Error("enough");

      controller.abort(reason);

      expect(await reading).toBe(reason);
      await closed;
    });
  }

  test("an abort before the call means none", async () => {
    await using server = await startRaw((socket) => socket.write(whole));

    expect(await failureOf(read(call(server.url, AbortSignal.abort("early"))))).toBe("early");
    expect(server.sockets).toEqual([]);
  });

  test("a reader that leaves closes the connection", async () => {
    await using server = await startRaw((socket) => socket.write(begun));
    const answer = await client.call(call(server.url));
    const closed = new Promise<void>((resolve) => {
      server.sockets[0]?.on("close", () => resolve());
    });

    const iterator = answer.chunks[Symbol.asyncIterator]();
    await iterator.next();
    await iterator.return?.();

    await closed;
  });

  test("nobody at the address is told apart from a cut", async () => {
    const server = await startRaw(() => {});
    await server[Symbol.asyncDispose]();

    expect(await failureOf(read(call(server.url)))).toMatchObject({ reason: "unreachable" });
  });
});
