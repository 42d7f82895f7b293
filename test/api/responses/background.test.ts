import { describe, expect, test } from "bun:test";
import { buryDead } from "../../../src/api/responses/background/end-run.ts";
import { ServeError } from "../../../src/core/error.ts";
import { createStore } from "../../../src/store/create-store.ts";
import type { RecordStore } from "../../../src/store/records.ts";
import { type App, jsonOf, startApp } from "../../support/app.ts";
import { memoryLog } from "../../support/calls.ts";
import { callDelta, callStart, finish, text, usage } from "../../support/events.ts";
import { type ResponseBody, responseEvents } from "../../support/response-events.ts";
import { scripted, type ScriptedBackend, silence } from "../../support/scripted.ts";

const path = "/v1/responses";
const inBackground = { input: "hi", background: true };

async function create(app: App, body: object = inBackground): Promise<ResponseBody> {
  const response = await app.post(path, body);
  expect(response.status).toBe(200);
  return await jsonOf<ResponseBody>(response);
}

async function get(app: App, id: string): Promise<ResponseBody> {
  return await jsonOf<ResponseBody>(await app.get(`${path}/${id}`));
}

async function settled(
  app: App,
  id: string,
  isDone: (response: ResponseBody) => boolean,
): Promise<ResponseBody> {
  for (;;) {
    const response = await get(app, id);
    if (isDone(response)) return response;
  }
}

const hasEnded = ({ status }: ResponseBody) => status !== "queued" && status !== "in_progress";

async function cancel(app: App, id: string): Promise<Response> {
  return await fetch(`${app.url}${path}/${id}/cancel`, { method: "POST" });
}

async function stop(app: App): Promise<void> {
  await app[Symbol.asyncDispose]();
}

/** Reads a stream until `isEnough` of it has come. */
async function readUntil(response: Response, isEnough: (text: string) => boolean): Promise<string> {
  const decoder = new TextDecoder();
  let whole = "";
  for await (const chunk of response.body ?? []) {
    whole += decoder.decode(chunk, { stream: true });
    if (isEnough(whole)) break;
  }
  return whole;
}

test("is answered at once, works on without anybody, and is found when it is done", async () => {
  const held = Promise.withResolvers<void>();
  await using app = startApp([scripted([held.promise, [text("done")], [finish()], [usage(7, 3)]])]);

  const created = await create(app);
  const during = await get(app, created.id);
  held.resolve();
  const done = await settled(app, created.id, hasEnded);

  expect(created).toMatchObject({ status: "queued", background: true, output: [], usage: null });
  expect(["queued", "in_progress"]).toContain(during.status);
  expect(done).toMatchObject({
    status: "completed",
    output: [{ type: "message", content: [{ text: "done" }] }],
    usage: { input_tokens: 7, output_tokens: 3 },
  });
});

test("says that it is being worked on", async () => {
  await using app = startApp([scripted([[text("half")], silence])]);

  const { id } = await create(app);
  const working = await settled(app, id, ({ status }) => status === "in_progress");
  const chained = await app.post(path, { input: "and", previous_response_id: id });
  await cancel(app, id);

  expect(working.output).toEqual([]);
  expect(chained.status).toBe(400);
});

const steps = [
  [text("Hel"), text("lo")],
  [callStart(0, "f"), callDelta(0, '{"a"'), callDelta(0, ":1}")],
  [callStart(1, "g")],
  [finish("tool-calls")],
  [usage(7, 3)],
];

test("a reader has all events in their order, and may go on behind any of them, also once all is over", async () => {
  await using app = startApp([scripted(steps)]);

  const live = await (await app.post(path, { ...inBackground, stream: true })).text();
  const events = responseEvents(live);
  const id = events[0]?.response?.id ?? "";
  const again = await (await app.get(`${path}/${id}?stream=true`)).text();

  expect(events.slice(0, 3).map(({ type }) => type)).toEqual([
    "response.created",
    "response.queued",
    "response.in_progress",
  ]);
  expect(again).toBe(live);
  for (const after of [0, 2, 5, events.length - 2, events.length - 1, events.length + 5]) {
    const rest = await (await app.get(`${path}/${id}?stream=true&starting_after=${after}`)).text();
    expect(responseEvents(rest, after + 1)).toEqual(events.slice(after + 1));
  }
});

test("a reader that leaves ends nothing, and one that comes meanwhile misses nothing", async () => {
  const held = Promise.withResolvers<void>();
  await using app = startApp([scripted([[text("first ")], held.promise, [text("second")], [finish()]])]);

  const left = await readUntil(await app.post(path, { ...inBackground, stream: true }), (so) =>
    so.includes("first "),
  );
  const id = /"id":"(resp_\w+)"/.exec(left)?.[1] ?? "";
  const reading = app.get(`${path}/${id}?stream=true&starting_after=4`);
  held.resolve();
  const rest = responseEvents(await (await reading).text(), 5);
  const done = await settled(app, id, hasEnded);

  expect(rest[0]).toMatchObject({ type: "response.output_text.delta", delta: "first " });
  expect(rest.at(-1)?.type).toBe("response.completed");
  expect<object | undefined>(rest.at(-1)?.response).toEqual(done);
});

describe("cancelled,", () => {
  test("it keeps what has come, its model is told, and its readers too", async () => {
    const backend = scripted([[text("half")], silence]);
    await using app = startApp([backend]);
    const { id } = await create(app);
    const reading = app.get(`${path}/${id}?stream=true`);
    await readUntil(await app.get(`${path}/${id}?stream=true`), (so) => so.includes("half"));

    const cancelled = await jsonOf<ResponseBody>(await cancel(app, id));
    const call = await backend.firstCall;
    await call.ended;
    const events = responseEvents(await (await reading).text());
    const again = await jsonOf<ResponseBody>(await cancel(app, id));

    expect(cancelled).toMatchObject({
      status: "cancelled",
      output: [{ status: "incomplete", content: [{ text: "half" }] }],
    });
    expect(await get(app, id)).toEqual(cancelled);
    expect(again).toEqual(cancelled);
    expect(events.at(-1)).toMatchObject({ type: "response.incomplete", response: { status: "cancelled" } });
  });

  test("it is left as it is if it has ended, and refused if it is not in the background", async () => {
    await using app = startApp([scripted([[text("done")], [finish()]])]);
    const { id } = await create(app);
    const done = await settled(app, id, hasEnded);
    const other = await create(app, { input: "hi" });

    expect(await jsonOf<ResponseBody>(await cancel(app, id))).toEqual(done);
    expect((await cancel(app, other.id)).status).toBe(400);
    expect((await cancel(app, "resp_nobody")).status).toBe(404);
    expect((await app.get(`${path}/${other.id}?stream=true`)).status).toBe(400);
  });
});

test("a failure is kept, and told to readers as one of a stream", async () => {
  const failing = new ServeError("upstream", "The model server failed.", { code: "upstream_error" });
  await using app = startApp([scripted([[text("half")], failing])]);

  const { id } = await create(app);
  const done = await settled(app, id, hasEnded);
  const events = responseEvents(await (await app.get(`${path}/${id}?stream=true`)).text());

  expect(done).toMatchObject({
    status: "failed",
    error: { code: "server_error", message: "The model server failed." },
  });
  expect(events.slice(-2)).toMatchObject([
    { type: "error", code: "upstream_error" },
    { type: "response.failed", response: { id } },
  ]);
});

test("what can be told at once is a status", async () => {
  await using app = startApp([scripted([])]);

  expect((await app.post(path, { ...inBackground, model: "nobody" })).status).toBe(404);
  expect((await app.post(path, { ...inBackground, store: false })).status).toBe(400);
});

test("one key has room for 64, also where more come at once, and again once one has ended", async () => {
  const { records } = createStore("memory:", memoryLog());
  const came = Promise.withResolvers<void>();
  let left = 70;
  const count = () => void (--left === 0 && came.resolve());
  const slow: RecordStore = {
    ...records,
    async write(changes) {
      count();
      await came.promise;
      return await records.write(changes);
    },
  };
  await using app = startApp([scripted([silence])], { records: slow });

  const answers = await Promise.all(
    Array.from({ length: left }, async () => {
      const answer = await app.post(path, inBackground);
      if (!answer.ok) count();
      return answer;
    }),
  );
  const [begun, refused] = [answers.filter(({ ok }) => ok), answers.filter(({ ok }) => !ok)];
  const { id } = await jsonOf<ResponseBody>(begun[0] ?? Response.error());
  await cancel(app, id);
  const next = await app.post(path, inBackground);

  expect(begun).toHaveLength(64);
  for (const { status, headers } of refused) expect([status, headers.get("retry-after")]).toEqual([429, "5"]);
  expect(next.status).toBe(200);
});

test("a model is not asked for one whose reader is told of a failure", async () => {
  const { records } = createStore("memory:", memoryLog());
  const unreadable: RecordStore = {
    ...records,
    read: () => Promise.reject(new ServeError("unavailable", "Gone.", { code: "store_unavailable" })),
  };
  const backend = scripted([[text("done")], [finish()]]);
  await using app = startApp([backend], { records: unreadable });

  const answer = await app.post(path, { ...inBackground, stream: true });
  await app.post(path, { input: "after it", store: false });

  expect(answer.status).toBe(503);
  expect(backend.seen.map(({ stream }) => stream)).toEqual([false]);
});

test("deleted while it is being worked on, its model is told", async () => {
  const backend = scripted([[text("half")], silence]);
  await using app = startApp([backend]);
  const { id } = await create(app);
  const call = await backend.firstCall;

  await fetch(`${app.url}${path}/${id}`, { method: "DELETE" });
  await call.ended;

  expect((await app.get(`${path}/${id}`)).status).toBe(404);
});

/** Two servers that share a store and a model. */
function startTwo(backend: ScriptedBackend) {
  const { records } = createStore("memory:", memoryLog());
  const [one, two] = [startApp([backend], { records }), startApp([backend], { records })];
  return {
    records,
    one,
    two,
    [Symbol.asyncDispose]: async () => void (await Promise.all([stop(one), stop(two)])),
  };
}

test("a reader of one that is deleted is told that it failed", async () => {
  await using app = startApp([scripted([[text("half")], silence])]);
  const { id } = await create(app);
  const reading = await app.get(`${path}/${id}?stream=true`);

  await fetch(`${app.url}${path}/${id}`, { method: "DELETE" });
  const events = responseEvents(await reading.text());

  expect(events.slice(-2)).toMatchObject([
    { type: "error", code: "not_found" },
    { type: "response.failed", response: { status: "failed", store: false } },
  ]);
});

describe("with two servers on one store,", () => {
  test("what one works on the other reads, and cancels", async () => {
    const backend = scripted([[text("half")], silence]);
    await using both = startTwo(backend);
    const { one, two } = both;
    const { id } = await create(one);

    const reading = await two.get(`${path}/${id}?stream=true`);
    await readUntil(reading, (so) => so.includes("half"));
    const cancelled = await jsonOf<ResponseBody>(await cancel(two, id));
    const call = await backend.firstCall;
    await call.ended;

    expect(cancelled).toMatchObject({ status: "cancelled", output: [{ content: [{ text: "half" }] }] });
    expect(await get(one, id)).toEqual(cancelled);
  });

  test("what one leaves behind, the other ends as failed", async () => {
    await using both = startTwo(scripted([[text("half")], silence]));
    const { records, one, two } = both;
    const { id } = await create(one);
    await readUntil(await one.get(`${path}/${id}?stream=true`), (so) => so.includes("half"));
    const key = { collection: "response", owner: "", id } as const;
    const stored = await records.head(key);
    // As if its process had stopped long ago.
    await records.write([{ kind: "put", key, expectedVersion: stored?.version ?? 0, dueInMs: 0 }]);

    await buryDead(records);

    expect(await get(two, id)).toMatchObject({
      status: "failed",
      error: { code: "server_error" },
      output: [{ status: "incomplete", content: [{ text: "half" }] }],
    });
  });
});
