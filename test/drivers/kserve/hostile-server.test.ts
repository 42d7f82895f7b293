import { afterEach, expect, test } from "bun:test";
import { ServeError } from "../../../src/core/error.ts";
import type { EventBatch } from "../../../src/core/generation.ts";
import { kserveDriver } from "../../../src/drivers/kserve/driver.ts";
import { callContext, memoryLog, run, textOf, textRequest } from "../../support/calls.ts";
import type { Outcome } from "../../support/calls.ts";
import { frame as message } from "../../support/fake-kserve.ts";
import { tokenMessage } from "../../support/kserve-messages.ts";
import {
  frame,
  frameFlag,
  frameType,
  grpcHeaders,
  headerBlock,
  startRawHttp2,
  uint32,
} from "../../support/raw-http2.ts";
import type { RawConnection, Script } from "../../support/raw-http2.ts";

const closers: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0)) await close();
});

/** What a call gets from a server of this script; it is given up after 1.5 seconds. */
async function callScripted(script: Script) {
  return run(generateScripted(script));
}

/** As `callScripted`, of a server that answers a token and goes on with `script` once the client has it. */
async function callScriptedAfterToken(script: Script): Promise<Outcome> {
  const hasToken = Promise.withResolvers<void>();
  const answers = generateScripted(async (connection) => {
    await connection.write(answer(connection.streamId, "Hi"));
    await hasToken.promise;
    await script(connection);
  });
  return run(tapped(answers, hasToken.resolve));
}

async function* tapped(batches: AsyncIterable<EventBatch>, onBatch: () => void) {
  for await (const batch of batches) {
    onBatch();
    yield batch;
  }
}

function generateScripted(script: Script): AsyncIterable<EventBatch> {
  const server = startRawHttp2(script);
  const backend = kserveDriver.create(
    { kind: "kserve", dialect: "anyserve", endpoint: server.endpoint },
    { id: "test", log: memoryLog(), connectTimeoutMs: 1_000 },
  );
  closers.push(
    () => backend.close(),
    () => server.close(),
  );
  return backend.generate(textRequest(), callContext(AbortSignal.timeout(1_500)));
}

const { data, headers, rstStream, settings, pushPromise, goaway, continuation } = frameType;
const { endStream, endHeaders } = frameFlag;

function answer(streamId: number, token: string): Buffer {
  return Buffer.concat([
    frame(headers, endHeaders, streamId, grpcHeaders),
    frame(data, 0, streamId, message(tokenMessage(token))),
  ]);
}

const statuses = Array.from({ length: 16 }, (_, index) => index + 1);
const kinds: Readonly<Record<number, string>> = {
  3: "invalid_request",
  4: "timeout",
  5: "not_found",
  8: "rate_limited",
  9: "invalid_request",
  11: "invalid_request",
  14: "unavailable",
};

for (const status of statuses) {
  const trailers = { "grpc-status": String(status), "grpc-message": "at 10.0.0.7 in /srv" };

  test(`gRPC status ${status} without anything before it is ${kinds[status] ?? "upstream"}`, async () => {
    const block = headerBlock({ ":status": "200", "content-type": "application/grpc", ...trailers });

    const { failure } = await callScripted(async (connection) => {
      await connection.write(frame(headers, endHeaders | endStream, connection.streamId, block));
    });

    expect(failure).toMatchObject({ name: "ServeError", kind: kinds[status] ?? "upstream" });
    expect(String(failure)).not.toMatch(/10\.0|srv/);
  });

  test(`gRPC status ${status} after a token keeps the token and is ${kinds[status] ?? "upstream"}`, async () => {
    const { batches, failure } = await callScriptedAfterToken(async (connection) => {
      await connection.write(
        frame(headers, endHeaders | endStream, connection.streamId, headerBlock(trailers)),
      );
    });

    expect(textOf(batches)).toBe("Hi");
    expect(failure).toMatchObject({ name: "ServeError", kind: kinds[status] ?? "upstream" });
  });
}

const resets: readonly [number, string, string][] = [
  [1, "PROTOCOL_ERROR", "upstream"],
  [2, "INTERNAL_ERROR", "upstream"],
  [7, "REFUSED_STREAM", "unavailable"],
  [8, "CANCEL", "upstream"],
  [11, "ENHANCE_YOUR_CALM", "rate_limited"],
];

for (const [code, name, kind] of resets) {
  test(`RST_STREAM with ${name} is ${kind}`, async () => {
    const { failure } = await callScripted(async (connection) => {
      await connection.write(frame(rstStream, 0, connection.streamId, uint32(code)));
    });

    expect(failure).toMatchObject({ name: "ServeError", kind });
  });

  test(`RST_STREAM with ${name} after a token keeps the token`, async () => {
    const { batches, failure } = await callScriptedAfterToken(async (connection) => {
      await connection.write(frame(rstStream, 0, connection.streamId, uint32(code)));
    });

    expect(textOf(batches)).toBe("Hi");
    expect(failure).toBeInstanceOf(ServeError);
  });
}

test("a retry delay that the server asks for is passed on, at most a minute", async () => {
  const delays = ["1500", "3600000"].map(async (milliseconds) => {
    const block = headerBlock({
      ":status": "200",
      "content-type": "application/grpc",
      "grpc-status": "8",
      "grpc-retry-pushback-ms": milliseconds,
    });
    const { failure } = await callScripted(async (connection) => {
      await connection.write(frame(headers, endHeaders | endStream, connection.streamId, block));
    });
    return failure instanceof ServeError ? failure.retryAfterSeconds : undefined;
  });

  expect(await Promise.all(delays)).toEqual([1.5, 60]);
});

/** Writes `bytes` over and over until the client has had enough. */
async function flood(connection: RawConnection, bytes: Buffer, times: number): Promise<void> {
  for (let count = 0; count < times; count++) {
    if (!(await connection.write(bytes))) return;
  }
}

const abuses: readonly [string, Script][] = [
  [
    "GOAWAY that covers the call",
    (connection) => void connection.write(goawayFrame(0)).then(() => connection.drop()),
  ],
  [
    "a frame above the size that was agreed",
    (connection) => void connection.write(frame(data, 0, 1, Buffer.alloc(1_000_000))),
  ],
  ["a stream that nobody opened", (connection) => void connection.write(frame(data, 0, 9, Buffer.from("x")))],
  [
    "a pushed stream",
    (connection) =>
      void connection.write(
        frame(pushPromise, endHeaders, connection.streamId, Buffer.concat([uint32(2), grpcHeaders])),
      ),
  ],
  [
    "header compression that is broken",
    (connection) =>
      void connection.write(frame(headers, endHeaders, connection.streamId, Buffer.alloc(64, 0xff))),
  ],
  [
    "a header block that never ends",
    (connection) =>
      connection
        .write(frame(headers, 0, connection.streamId, grpcHeaders))
        .then(() =>
          flood(
            connection,
            frame(continuation, 0, connection.streamId, headerBlock({ a: "b".repeat(8_000) })),
            5_000,
          ),
        ),
  ],
  [
    "empty DATA frames without end",
    (connection) =>
      connection
        .write(frame(headers, endHeaders, connection.streamId, grpcHeaders))
        .then(() =>
          flood(
            connection,
            Buffer.concat(Array.from({ length: 100 }, () => frame(data, 0, connection.streamId))),
            5_000,
          ),
        ),
  ],
  [
    "SETTINGS without end",
    (connection) => flood(connection, frame(settings, 0, 0, Buffer.from([0, 4, 0, 16, 0, 0])), 20_000),
  ],
  [
    "silence after the headers",
    (connection) => void connection.write(frame(headers, endHeaders, connection.streamId, grpcHeaders)),
  ],
  ["noise", (connection) => void connection.write(Buffer.from("HTTP/1.1 400 Bad Request\r\n\r\n"))],
];

for (const [what, script] of abuses) {
  test(`${what} ends in an error, and memory stays flat`, async () => {
    const before = process.memoryUsage.rss();

    const { failure } = await callScripted(script);

    expect(failure).toBeInstanceOf(ServeError);
    expect(process.memoryUsage.rss() - before).toBeLessThan(150 * 1_048_576);
  }, 15_000);
}

function goawayFrame(lastStreamId: number): Buffer {
  return frame(goaway, 0, 0, Buffer.concat([uint32(lastStreamId), uint32(0)]));
}
