import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { Elysia } from "elysia";
import * as fc from "fast-check";
import { encodeStream } from "../../src/api/chat/encode-stream.ts";
import { ServeError } from "../../src/core/error.ts";
import type { EventBatch } from "../../src/core/generation.ts";
import { abortable, untilFirst } from "../../src/core/stream.ts";
import { type Call, callOf } from "../../src/http/call.ts";
import { sse } from "../../src/http/sse.ts";
import { finish, text } from "../support/events.ts";
import { type HeldSource, heldSource, turns, until } from "../support/sources.ts";
import { parseEvents } from "../support/wire.ts";
import { rawClient, type Served, serveRoutes } from "./support.ts";

const keepAlive = ": keep-alive\n\n";
const request = "GET /stream HTTP/1.1\r\nhost: localhost\r\n\r\n";
const header = { id: "chatcmpl-x", created: 1, model: "m" };
const streamOptions = {
  choices: 1,
  includeUsage: false,
  functions: false,
  logprobs: false,
  headStart: false,
};

/** What the route answers with, until the next test says otherwise. */
let frames: (call: Call) => AsyncIterable<string> | Promise<AsyncIterable<string>>;
/** Lines since `before` that an operator would want to see. */
function complaints(before: number): string[] {
  return served.log.lines.slice(before).filter((line) => !line.startsWith("debug"));
}

let keepAliveMs: number;
let keepAliveFrame: string | undefined;
let stallMs: number;
let lastCall: Call | undefined;
let served: Served;

beforeAll(() => {
  const app = new Elysia({ normalize: false }).get("/stream", async ({ request: incoming }) => {
    const call = callOf(incoming);
    lastCall = call;
    call.holdOpen();
    return sse(await frames(call), call, {
      keepAliveMs,
      ...(keepAliveFrame !== undefined && { keepAliveFrame }),
      stallMs,
      headers: { "x-extra": "1" },
    });
  });
  served = serveRoutes(app);
});
afterAll(() => served[Symbol.asyncDispose]());

function play(source: typeof frames, silenceMs = 0): void {
  frames = source;
  keepAliveMs = silenceMs;
  keepAliveFrame = undefined;
  stallMs = 60_000;
}

async function readAll(): Promise<string> {
  const response = await fetch(`${served.url}/stream`);
  return await response.text();
}

async function* listOf<Item>(...items: readonly Item[]): AsyncGenerator<Item> {
  yield* items;
}

describe("a stream", () => {
  test("has the headers that keep proxies from holding it back", async () => {
    play(() => listOf("data: a\n\n"));

    const { headers } = await fetch(`${served.url}/stream`);

    expect(Object.fromEntries(headers)).toMatchObject({
      "content-type": "text/event-stream; charset=utf-8",
      "cache-control": "no-cache",
      "x-accel-buffering": "no",
      "x-extra": "1",
      "x-request-id": expect.stringMatching(/^req_/),
    });
    expect(headers.get("content-length")).toBeNull();
    expect(headers.get("content-encoding")).toBeNull();
  });

  test("sends each frame as soon as it comes", async () => {
    const source = heldSource<string>();
    play(() => source);
    const client = rawClient(served.port, request);

    for (const frame of ["data: 1\n\n", "data: 2\n\n", "data: 3\n\n"]) {
      source.give(frame);
      await until(() => client.received().includes(frame));
    }
    source.end();
    await until(() => client.received().endsWith("0\r\n\r\n"));
    client.socket.destroy();

    expect(client.received()).toContain("data: 3");
  });

  test("carries every text unchanged, whatever is in it", async () => {
    const unit = fc.oneof(
      fc.constantFrom(
        "\r",
        "\n",
        "\r\n",
        "\n\n",
        "\u2028",
        "\u2029",
        "\u0000",
        "\uFEFF",
        "data: ",
        ":",
        '"',
        "\\",
        "🧪",
      ),
      fc.integer({ min: 0, max: 0xffff }).map((code) => String.fromCharCode(code)),
    );
    const piece = fc.array(unit, { maxLength: 20 }).map((units) => units.join(""));
    await fc.assert(
      fc.asyncProperty(fc.array(piece, { maxLength: 10 }), async (pieces) => {
        const batches: EventBatch[] = pieces.map((value) => [text(value)]);
        play(() => encodeStream(listOf<EventBatch>(...batches, [finish()]), header, streamOptions));

        const { chunks } = parseEvents<Chunk>(await readAll());

        expect(chunks.map((chunk) => chunk.choices[0]?.delta.content ?? "").join("")).toBe(pieces.join(""));
      }),
      { numRuns: 60 },
    );
  });

  test("carries a frame of megabytes whole", async () => {
    const frame = `data: ${"é".repeat(4 << 20)}\n\n`;
    play(() => listOf(frame, "data: [DONE]\n\n"));

    const received = await readAll();

    expect(received === `${frame}data: [DONE]\n\n`).toBe(true);
  });
});

describe("silence", () => {
  test("is filled with comments once the first frame was sent", async () => {
    const source = heldSource<string>();
    source.give("data: a\n\n");
    play(() => source, 10);
    const client = rawClient(served.port, request);

    await until(() => client.received().split(keepAlive).length > 3);
    source.give("data: b\n\n");
    source.end();
    await until(() => client.received().endsWith("0\r\n\r\n"));
    client.socket.destroy();

    const body = bodyOf(client.received());
    expect(body).toMatch(/^data: a\n\n(: keep-alive\n\n){3,}data: b\n\n$/);
  });

  test("is filled with a protocol's own sign of life, where it has one", async () => {
    const source = heldSource<string>();
    source.give("data: a\n\n");
    play(() => source, 10);
    keepAliveFrame = "event: ping\ndata: {}\n\n";
    const client = rawClient(served.port, request);

    await until(() => client.received().split("event: ping").length > 3);
    source.end();
    await until(() => client.received().endsWith("0\r\n\r\n"));
    client.socket.destroy();

    expect(bodyOf(client.received())).toMatch(/^data: a\n\n(event: ping\ndata: \{\}\n\n){3,}$/);
  });

  test("before the first frame stays silent: a comment is never the first", async () => {
    const source = heldSource<string>();
    play(() => source, 5);
    const client = rawClient(served.port, request);
    await until(() => source.reads === 1);

    // Ten times the silence after which a comment would be due.
    const { promise, resolve } = Promise.withResolvers<void>();
    setTimeout(resolve, 50);
    await promise;
    source.give("data: a\n\n");
    source.end();
    await until(() => client.received().endsWith("0\r\n\r\n"));
    client.socket.destroy();

    expect(bodyOf(client.received())).toStartWith("data: a\n\n");
  });

  test("is left alone when comments are off", async () => {
    const source = heldSource<string>();
    source.give("data: a\n\n");
    play(() => source, 0);
    const answer = readAll();
    await until(() => source.reads === 2);

    source.end();

    expect(await answer).toBe("data: a\n\n");
  });

  test("between lively frames is none", async () => {
    play(() => listOf(...Array.from({ length: 1_000 }, (_, number) => `data: ${number}\n\n`)), 10_000);

    expect(await readAll()).not.toContain(":  keep-alive");
  });
});

describe("a client that leaves", () => {
  test("aborts the call and ends the generator, though the backend is silent", async () => {
    const source = heldSource<string>();
    source.give("data: a\n\n");
    let isEnded = false;
    play((call) => watched(abortable(source, call.signal), () => (isEnded = true)), 10_000);
    const client = rawClient(served.port, request);
    await until(() => client.received().includes("data: a"));

    client.socket.destroy();
    await until(() => isEnded, 1_000);

    expect(lastCall?.signal.reason).toMatchObject({ kind: "canceled" });
    expect(source.returned).toBe(true);
    expect(served.listener.activeRequests()).toBe(0);
  });

  test("in the middle of a fast stream ends the generator", async () => {
    let isEnded = false;
    play(() => watched(endless(), () => (isEnded = true)));
    const client = rawClient(served.port, request);
    await until(() => client.received().length > 100_000);

    client.socket.destroy();
    await until(() => isEnded, 1_000);

    expect(served.listener.activeRequests()).toBe(0);
  });

  test("before the answer has begun ends the generator as well", async () => {
    const source = heldSource<string>();
    const { promise: gate, resolve: openGate } = Promise.withResolvers<void>();
    let isReached = false;
    let isEnded = false;
    play(async () => {
      const head = await untilFirst(
        watched(source, () => (isEnded = true)),
        10_000,
      );
      isReached = true;
      await gate;
      return head.items;
    });
    source.give("data: a\n\n");
    const client = rawClient(served.port, request);
    await until(() => isReached);

    client.socket.destroy();
    await until(() => lastCall?.signal.aborted === true);
    openGate();
    await until(() => isEnded, 1_000);

    expect(served.listener.activeRequests()).toBe(0);
  });

  test("leaves no error in the log", async () => {
    const before = served.log.lines.length;
    let isEnded = false;
    play((call) =>
      encodeStream(
        watched(abortable(endlessBatches(), call.signal), () => (isEnded = true)),
        header,
        streamOptions,
      ),
    );
    const client = rawClient(served.port, request);
    await until(() => client.received().includes("data: "));

    client.socket.destroy();
    await until(() => isEnded, 1_000);
    await turns(5);

    expect(complaints(before)).toEqual([]);
  });
});

test("a reader that stalls stops the source, and is let go when it leaves", async () => {
  let produced = 0;
  let isEnded = false;
  const frame = `data: ${"x".repeat(1_000)}\n\n`;
  play(() =>
    watched(
      (async function* () {
        for (;;) {
          produced++;
          yield frame;
        }
      })(),
      () => (isEnded = true),
    ),
  );
  const client = rawClient(served.port, request);
  client.socket.pause();

  await until(() => produced > 0);
  const stalledAt = await standstill(() => produced);
  client.socket.destroy();
  await until(() => isEnded, 1_000);

  // The buffers of both sockets take some megabytes; an unbounded source would have made far more in the time.
  expect(stalledAt * frame.length).toBeLessThan(32 << 20);
  expect(produced).toBeLessThanOrEqual(stalledAt + 1);
  expect(served.listener.activeRequests()).toBe(0);
});

test("a reader that never reads on is given up after a while", async () => {
  let isEnded = false;
  const before = served.log.lines.length;
  const frame = `data: ${"x".repeat(1_000)}\n\n`;
  play(() =>
    watched(
      (async function* () {
        for (;;) yield frame;
      })(),
      () => (isEnded = true),
    ),
  );
  stallMs = 50;
  const client = rawClient(served.port, request);
  client.socket.pause();

  await until(() => isEnded, 20_000);

  expect(lastCall?.signal.reason).toMatchObject({ kind: "canceled" });
  await until(() => served.listener.activeRequests() === 0);
  expect(complaints(before)).toEqual([expect.stringMatching(/^info ✗ The client stopped reading/)]);
  client.socket.destroy();
});

describe("failure", () => {
  test("of the frames themselves ends the answer, aborts the call, and is in the log", async () => {
    const before = served.log.lines.length;
    play(() => listFailing("data: a\n\n"));

    const received = await readAll();

    expect(received).toBe("data: a\n\n");
    expect(lastCall?.signal.reason).toMatchObject({ kind: "internal" });
    expect(complaints(before)).toEqual([expect.stringMatching(/^error /)]);
    expect(served.listener.activeRequests()).toBe(0);
  });

  for (const [name, given] of [
    ["before the first batch", []],
    ["after some text", [[text("a")], [text("b")]]],
    ["after the finish", [[text("a")], [finish()]]],
  ] as const) {
    for (const failure of [
      new ServeError("upstream", "It broke.", { code: "upstream_error" }),
      new Error("a bug"),
    ]) {
      test(`of a backend ${name} (${failure.name}): one error frame, one [DONE], in this order, and nothing more`, async () => {
        play(() => encodeStream(listFailing<EventBatch>(...given, failure), header, streamOptions));

        const received = await readAll();

        const { chunks } = parseEvents<Chunk>(received);
        const errors = chunks.filter((chunk) => chunk.error !== undefined);
        expect(errors).toEqual(chunks.slice(-1));
        expect(received.split("[DONE]").length - 1).toBe(1);
        expect(received).not.toContain("a bug");
      });
    }
  }

  test("by an abort of the call reaches the client as an error frame", async () => {
    const source: HeldSource<EventBatch> = heldSource();
    source.give([text("a")]);
    play((call) => encodeStream(abortable(source, call.signal), header, streamOptions));
    const answer = readAll();
    await until(() => source.reads === 2);

    lastCall?.abort(new ServeError("timeout", "The backend did not answer in time.", { code: "timeout" }));

    expect(parseEvents<Chunk>(await answer).chunks.at(-1)?.error).toMatchObject({ code: "timeout" });
  });
});

interface Chunk {
  choices: { delta: { content?: string } }[];
  error?: { code: string };
}

/** The body of a chunked answer. */
function bodyOf(answer: string): string {
  const chunks = answer.slice(answer.indexOf("\r\n\r\n") + 4);
  return chunks.replaceAll(/[0-9a-f]+\r\n([^]*?)\r\n/gi, "$1").replace(/\r\n$/, "");
}

/** Like `source`; says when its generator has ended, for whatever reason. */
async function* watched<Item>(source: AsyncIterable<Item>, onEnd: () => void): AsyncGenerator<Item> {
  try {
    yield* source;
  } finally {
    onEnd();
  }
}

/** Gives what it is given, but throws errors; at the end it throws one in any case. */
async function* listFailing<Item>(...items: readonly (Item | Error)[]): AsyncGenerator<Item> {
  for (const item of items) {
    if (item instanceof Error) throw item;
    yield item;
  }
  throw new Error("a bug");
}

async function* endless(): AsyncGenerator<string> {
  for (;;) yield "data: and on\n\n";
}

async function* endlessBatches(): AsyncGenerator<EventBatch> {
  for (;;) yield [text("and on")];
}

/** The value of `read` once it has not changed for 200 ms. */
async function standstill(read: () => number): Promise<number> {
  let last = read();
  let since = performance.now();
  await until(() => {
    const now = read();
    if (now !== last) since = performance.now();
    last = now;
    return performance.now() - since > 200;
  });
  return last;
}
