import { expect, test } from "bun:test";
import { Elysia } from "elysia";
import { encodeStream } from "../../src/api/chat/encode-stream.ts";
import type { EventBatch } from "../../src/core/generation.ts";
import { abortable } from "../../src/core/stream.ts";
import { callOf, createActiveCalls } from "../../src/http/call.ts";
import { createListener } from "../../src/http/listener.ts";
import { sse } from "../../src/http/sse.ts";
import { finish, text } from "../support/events.ts";
import { rejection } from "../support/rejection.ts";
import { type HeldSource, heldSource, turns, until } from "../support/sources.ts";
import { parseEvents } from "../support/wire.ts";
import { serveRoutes } from "./support.ts";

interface Chunk {
  error?: { type: string; code: string };
}

function serveStream(source: HeldSource<EventBatch>) {
  const header = { id: "chatcmpl-x", created: 1, model: "m" };
  const options = { choices: 1, includeUsage: false, functions: false, logprobs: false, headStart: false };
  return serveRoutes(
    new Elysia({ normalize: false })
      .get("/live", () => Response.json({}))
      .get("/stream", ({ request }) => {
        const call = callOf(request);
        call.holdOpen();
        return sse(encodeStream(abortable(source, call.signal), header, options), call, {
          keepAliveMs: 0,
          stallMs: 60_000,
          headers: {},
        });
      }),
  );
}

test("draining lets a running stream end by itself, and takes no new connection", async () => {
  const source: HeldSource<EventBatch> = heldSource();
  source.give([text("a")]);
  await using served = serveStream(source);
  const response = await fetch(`${served.url}/stream`);
  let isDrained = false;

  const drained = served.listener.drain().then(() => (isDrained = true));
  const refused = await rejection(fetch(`${served.url}/live`, { keepalive: false }));
  await turns(5);
  const wasDrainedEarly = isDrained;
  source.give([text("b"), finish()]);
  source.end();
  const answer = await response.text();
  await drained;

  expect(refused).toBeInstanceOf(Error);
  expect(wasDrainedEarly).toBe(false);
  expect(parseEvents<Chunk>(answer).chunks.filter((chunk) => chunk.error !== undefined)).toEqual([]);
  expect(answer).toContain('"content":"b"');
});

test("cancelling ends a running stream with an error frame and [DONE], and then it is drained", async () => {
  const source: HeldSource<EventBatch> = heldSource();
  source.give([text("a")]);
  await using served = serveStream(source);
  const response = await fetch(`${served.url}/stream`);
  const drained = served.listener.drain();
  await until(() => source.reads === 2);

  served.listener.cancelAll();
  const answer = await response.text();
  await drained;

  expect(parseEvents<Chunk>(answer).chunks.at(-1)?.error).toMatchObject({
    type: "server_error",
    code: "server_is_overloaded",
  });
  expect(served.listener.activeRequests()).toBe(0);
});

test("the number of active requests is that of the streams still running", async () => {
  const source: HeldSource<EventBatch> = heldSource();
  source.give([text("a")]);
  await using served = serveStream(source);

  const response = await fetch(`${served.url}/stream`);
  const during = served.listener.activeRequests();
  source.end();
  await response.text();
  await until(() => served.listener.activeRequests() === 0, 1_000);

  expect(during).toBe(1);
});

test("a server that is idle drains at once, though a client keeps its connection", async () => {
  await using served = serveStream(heldSource());
  await (await fetch(`${served.url}/live`)).text();

  await served.listener.drain();

  expect(served.listener.activeRequests()).toBe(0);
});

test("a port that is taken is an error with the system's code", async () => {
  await using served = serveStream(heldSource());

  const handler = { active: createActiveCalls(), handle: () => Promise.resolve(new Response()) };
  const second = createListener(handler, { host: "127.0.0.1", port: served.port, maxBodyBytes: 1 });

  const failure = await rejection((async () => second.listen())());

  expect(failure).toMatchObject({ code: "EADDRINUSE" });
});
