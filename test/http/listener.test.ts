import { expect, test } from "bun:test";
import type { Server } from "bun";
import { Elysia } from "elysia";
import { encodeStream } from "../../src/api/chat/encode-stream.ts";
import type { EventBatch } from "../../src/core/generation.ts";
import { abortable } from "../../src/core/stream.ts";
import { callOf, createActiveCalls, createCall, type DetachedWork } from "../../src/http/call.ts";
import { createListener } from "../../src/http/listener.ts";
import { sse } from "../../src/http/sse.ts";
import { memoryLog } from "../support/calls.ts";
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

test("work that goes on after its answer is waited for, counted and told to end", async () => {
  const { promise: works, resolve } = Promise.withResolvers<DetachedWork>();
  const routes = new Elysia({ normalize: false }).post("/start", ({ request }) => {
    resolve(callOf(request).detach());
    return Response.json({});
  });
  await using served = serveRoutes(routes);
  await (await fetch(`${served.url}/start`, { method: "POST" })).text();
  const work = await works;
  work.context.signal.addEventListener("abort", () => work.end());

  const drained = served.listener.drain();
  const during = [served.listener.activeRequests(), work.context.signal.aborted];
  served.listener.cancelAll();
  await drained;

  expect(during).toEqual([1, false]);
  expect(work.context.signal.reason).toMatchObject({ kind: "unavailable" });
  expect(served.listener.activeRequests()).toBe(0);
});

test("a port that is taken is an error with the system's code", async () => {
  await using served = serveStream(heldSource());

  const handler = { active: createActiveCalls(), handle: () => Promise.resolve(new Response()) };
  const second = createListener(handler, {
    host: "127.0.0.1",
    port: served.port,
    maxBodyBytes: 1,
    maxFileBytes: 1,
  });

  const failure = await rejection((async () => second.listen())());

  expect(failure).toMatchObject({ code: "EADDRINUSE" });
});

/** A handler that says who it is; each answer ends when it is told to. */
function heldHandler(name: string) {
  const active = createActiveCalls();
  const answers: (() => void)[] = [];
  return {
    active,
    handle: (request: Request, server: Server<unknown>) => {
      const call = createCall(request, server, memoryLog(), active);
      const release = call.retain();
      return new Promise<Response>((resolve) => {
        const end = () => {
          release();
          resolve(new Response(name));
        };
        answers.push(end);
        call.signal.addEventListener("abort", end);
      });
    },
    /** Ends the oldest answer, once there is one. */
    async answer() {
      await until(() => answers.length > 0);
      answers.shift()?.();
    },
  };
}

test("a handler that was replaced finishes what it began; what comes goes to the next", async () => {
  const [first, second] = [heldHandler("first"), heldHandler("second")];
  const listener = createListener(first, { host: "127.0.0.1", port: 0, maxBodyBytes: 1, maxFileBytes: 1 });
  const { url } = listener.listen();
  const began = fetch(url).then((response) => response.text());
  await until(() => first.active.size === 1);

  const replaced = listener.replace(second);
  const came = fetch(url).then((response) => response.text());
  await until(() => second.active.size === 1);
  const during = [replaced.size, listener.activeRequests(), await replaced.idle(1)];
  await Promise.all([first.answer(), second.answer()]);

  expect(during).toEqual([1, 2, false]);
  expect(await Promise.all([began, came])).toEqual(["first", "second"]);
  expect(await replaced.idle(5_000)).toBe(true);
  await listener.stop();
});

test("what a replaced handler still does can be cancelled by itself, or with all the rest", async () => {
  const [first, second] = [heldHandler("first"), heldHandler("second")];
  const listener = createListener(first, { host: "127.0.0.1", port: 0, maxBodyBytes: 1, maxFileBytes: 1 });
  const { url } = listener.listen();
  const began = [fetch(url), fetch(url)];
  await until(() => first.active.size === 2);
  const replaced = listener.replace(second);
  const came = fetch(url);
  await until(() => second.active.size === 1);

  replaced.cancelAll();
  await Promise.all(began);
  const left = listener.activeRequests();
  listener.cancelAll();
  await came;

  expect(left).toBe(1);
  expect(listener.activeRequests()).toBe(0);
  await listener.stop();
});
