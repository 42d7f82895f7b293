import { describe, expect, test } from "bun:test";
import { createStore } from "../../../src/store/create-store.ts";
import { storeUnavailable } from "../../../src/store/unavailable.ts";
import { type App, type AppOptions, jsonOf, startApp } from "../../support/app.ts";
import { memoryLog } from "../../support/calls.ts";
import { scripted } from "../../support/scripted.ts";

const path = "/v1/conversations";

interface Thing {
  id: string;
  type?: string;
  object?: string;
}

interface List {
  data: Thing[];
  first_id: string | null;
  last_id: string | null;
  has_more: boolean;
}

const says = (words: string) => ({ type: "message", role: "user", content: words });
const hello = says("Hello!");

function start(options: AppOptions = {}): App {
  return startApp([scripted([[]])], options);
}

async function begin(app: App, body: object = {}, headers: Record<string, string> = {}): Promise<Thing> {
  return await jsonOf<Thing>(await app.post(path, body, { headers }));
}

async function add(app: App, id: string, items: readonly object[]): Promise<List> {
  return await jsonOf<List>(await app.post(`${path}/${id}/items`, { items }));
}

async function list(app: App, id: string, query = ""): Promise<List> {
  return await jsonOf<List>(await app.get(`${path}/${id}/items?${query}`));
}

function remove(app: App, rest: string, headers: Record<string, string> = {}): Promise<Response> {
  return fetch(`${app.url}${path}/${rest}`, { method: "DELETE", headers });
}

test("a conversation is begun, looked up, changed and deleted", async () => {
  await using app = start();

  const begun = await begin(app, { metadata: { topic: "demo" }, items: [hello] });
  const found = await jsonOf<Thing>(await app.get(`${path}/${begun.id}`));
  const changed = await jsonOf<object>(await app.post(`${path}/${begun.id}`, { metadata: { other: "x" } }));
  const emptied = await jsonOf<object>(await app.post(`${path}/${begun.id}`, { metadata: null }));
  const deleted = await remove(app, begun.id);
  const gone = [await remove(app, begun.id), await app.get(`${path}/${begun.id}`)];

  expect<object>(begun).toEqual({
    id: expect.stringMatching(/^conv_[A-Za-z0-9]{24}$/),
    object: "conversation",
    created_at: expect.any(Number),
    metadata: { topic: "demo" },
  });
  expect(found).toEqual(begun);
  expect(changed).toEqual({ ...begun, metadata: { other: "x" } });
  expect(emptied).toEqual({ ...begun, metadata: {} });
  expect(await deleted.json()).toEqual({ id: begun.id, object: "conversation.deleted", deleted: true });
  expect(gone.map(({ status }) => status)).toEqual([404, 404]);
});

test("a change of what is noted down leaves the items", async () => {
  await using app = start();
  const { id } = await begin(app, { items: [hello] });

  await app.post(`${path}/${id}`, { metadata: { a: "b" } });
  await add(app, id, [hello]);

  expect((await list(app, id)).data).toHaveLength(2);
  expect(await jsonOf<object>(await app.get(`${path}/${id}`))).toMatchObject({ metadata: { a: "b" } });
});

describe("a conversation of nothing is begun by", () => {
  for (const [what, body] of [
    ["no body", undefined],
    ["an empty object", "{}"],
    ["nulls", '{"metadata":null,"items":null}'],
    ["empty lists", '{"metadata":{},"items":[]}'],
  ] as const) {
    test(what, async () => {
      await using app = start();

      const response = await fetch(`${app.url}${path}`, {
        method: "POST",
        ...(body !== undefined && { body }),
      });
      const begun = await jsonOf<Thing>(response);

      expect(response.status).toBe(200);
      expect(begun).toMatchObject({ object: "conversation", metadata: {} });
      expect<object>(await list(app, begun.id)).toEqual({
        object: "list",
        data: [],
        first_id: null,
        last_id: null,
        has_more: false,
      });
    });
  }
});

test("items are added with ids of their kind, and listed as they were answered", async () => {
  await using app = start();
  const { id } = await begin(app);
  const items = [
    { role: "user", content: [{ type: "input_text", text: "A" }] },
    { type: "message", role: "assistant", content: "B" },
    { type: "function_call", call_id: "call_1", name: "f", arguments: "{}" },
    { type: "function_call_output", call_id: "call_1", output: "42" },
    { type: "reasoning", summary: [], encrypted_content: "opaque" },
    { type: "web_search_call", id: "ws_1", status: "completed", action: { query: "q" } },
  ];

  const added = await add(app, id, items);
  const listed = await list(app, id, "order=asc");

  expect(added.data.map(({ id: each }) => each)).toEqual([
    expect.stringMatching(/^msg_/),
    expect.stringMatching(/^msg_/),
    expect.stringMatching(/^fc_/),
    expect.stringMatching(/^fco_/),
    expect.stringMatching(/^rs_/),
    "ws_1",
  ]);
  expect(added).toMatchObject({
    object: "list",
    has_more: false,
    first_id: added.data[0]?.id,
    last_id: "ws_1",
  });
  expect(listed).toEqual(added);
  expect(added.data[1]).toMatchObject({
    status: "completed",
    content: [{ type: "output_text", text: "B", annotations: [], logprobs: [] }],
  });
  expect(added.data[4]).toMatchObject({ encrypted_content: "opaque" });
});

test("items are listed newest first, page by page", async () => {
  await using app = start();
  const { id } = await begin(app);
  const ids: string[] = [];
  for (const size of [20, 5]) {
    const { data } = await add(
      app,
      id,
      Array.from({ length: size }, () => hello),
    );
    ids.push(...data.map(({ id: each }) => each));
  }

  const first = await list(app, id);
  const second = await list(app, id, `after=${first.last_id}`);
  const forwards = await list(app, id, `order=asc&limit=3&after=${ids[3]}`);

  expect([...first.data, ...second.data].map(({ id: each }) => each)).toEqual(ids.toReversed());
  expect([first.data.length, first.has_more, second.has_more]).toEqual([20, true, false]);
  expect(forwards.data.map(({ id: each }) => each)).toEqual(ids.slice(4, 7));
});

test("an item is looked up and deleted by its id", async () => {
  await using app = start();
  const begun = await begin(app, { items: [says("A"), says("B"), says("C")] });
  const [, middle] = (await list(app, begun.id)).data;

  const found = await app.get(`${path}/${begun.id}/items/${middle?.id}?include[]=a&include[]=b`);
  const deleted = await remove(app, `${begun.id}/items/${middle?.id}`);
  const again = await remove(app, `${begun.id}/items/${middle?.id}`);

  expect(await jsonOf<Thing>(found)).toEqual(middle ?? { id: "" });
  expect(await jsonOf<Thing>(deleted)).toEqual(begun);
  expect(again.status).toBe(404);
  expect(JSON.stringify((await list(app, begun.id, "order=asc")).data)).toMatch(/"A".*"C"/);
  expect(JSON.stringify(await list(app, begun.id))).not.toContain('"B"');
});

test("items deleted at once are all gone, and the others stay", async () => {
  await using app = start();
  const { id } = await begin(app, { items: Array.from({ length: 6 }, (_, index) => says(`${index}`)) });
  const { data } = await list(app, id, "order=asc");

  const statuses = await Promise.all(
    data.slice(0, 4).map(async (item) => (await remove(app, `${id}/items/${item.id}`)).status),
  );

  expect(statuses).toEqual([200, 200, 200, 200]);
  expect((await list(app, id, "order=asc")).data).toEqual(data.slice(4));
});

test("an id that a client gives back is kept, unless the conversation has it", async () => {
  await using app = start();
  const one = await begin(app, { items: [{ ...hello, id: "msg_mine" }] });
  const other = await begin(app, { items: [{ ...hello, id: "msg_mine" }] });

  const { data } = await add(app, one.id, [
    { ...hello, id: "msg_mine" },
    { ...hello, id: "msg_new" },
  ]);
  const removed = await remove(app, `${one.id}/items/msg_mine`);

  expect(data.map(({ id }) => id)).toEqual([expect.stringMatching(/^msg_[0-9a-f]{48}$/), "msg_new"]);
  expect(removed.status).toBe(200);
  expect((await list(app, one.id)).data).toHaveLength(2);
  expect((await list(app, other.id)).data.map(({ id }) => id)).toEqual(["msg_mine"]);
});

test("a reference stands for the item that it names", async () => {
  await using app = start();
  const one = await begin(app, { items: [{ ...hello, id: "msg_mine" }] });
  const other = await begin(app);

  const { data } = await add(app, other.id, [{ type: "item_reference", id: "msg_mine" }]);
  const unknown = await app.post(`${path}/${one.id}/items`, { items: [{ id: "msg_none" }] });

  expect(data).toMatchObject([{ type: "message", content: [{ text: "Hello!" }] }]);
  expect(unknown.status).toBe(404);
  expect(await unknown.json()).toMatchObject({ error: { param: "items" } });
});

test("another key finds nothing of it", async () => {
  await using app = start({ keys: ["sk-one", "sk-two"] });
  const one = { authorization: "Bearer sk-one" };
  const two = { authorization: "Bearer sk-two" };
  const { id } = await begin(app, { items: [{ ...hello, id: "msg_mine" }] }, one);

  const foreign = [
    await app.get(`${path}/${id}`, two),
    await app.get(`${path}/${id}/items`, two),
    await app.get(`${path}/${id}/items/msg_mine`, two),
    await app.post(`${path}/${id}`, { metadata: {} }, { headers: two }),
    await app.post(`${path}/${id}/items`, { items: [hello] }, { headers: two }),
    await app.post(path, { items: [{ id: "msg_mine" }] }, { headers: two }),
    await remove(app, `${id}/items/msg_mine`, two),
    await remove(app, id, two),
  ];

  expect(new Set(foreign.map(({ status }) => status))).toEqual(new Set([404]));
  expect((await app.get(`${path}/${id}`, one)).status).toBe(200);
});

test("the oldest items go once there are too many", async () => {
  const log = memoryLog();
  const { records } = createStore("memory:", log);
  const { createConversations } = await import("../../../src/api/common/conversation/conversations.ts");
  const conversations = createConversations({
    store: records,
    limits: { maxMessages: 30, maxBytes: 1 << 20 },
    countTokens: async (messages) => messages.map(() => 1),
    agentOf: async () => undefined,
    log,
  });
  await using app = start({ records, conversations });
  const { id } = await begin(app);

  for (let round = 0; round < 4; round++) {
    await add(
      app,
      id,
      Array.from({ length: 10 }, (_, index) => [says(`${round}.${index}`), answers])
        .flat()
        .slice(0, 20),
    );
  }

  const { data } = await list(app, id, "limit=100");
  expect(data.length).toBeLessThanOrEqual(30);
  expect(JSON.stringify(data)).toContain('"3.9"');
  expect(JSON.stringify(data)).not.toContain('"0.0"');
});

const answers = { type: "message", role: "assistant", content: "Yes." };

describe("is refused:", () => {
  const none = "conv_nobody";
  const twentyOne = Array.from({ length: 21 }, () => hello);
  for (const [method, rest, body, status, error] of [
    ["GET", `/${none}`, undefined, 404, { code: "not_found", param: null }],
    ["POST", `/${none}`, { metadata: {} }, 404, { code: "not_found" }],
    ["DELETE", `/${none}`, undefined, 404, { code: "not_found" }],
    ["GET", `/${none}/items`, undefined, 404, { code: "not_found" }],
    ["POST", `/${none}/items`, { items: [hello] }, 404, { code: "not_found" }],
    ["GET", `/${none}/items/msg_1`, undefined, 404, { code: "not_found" }],
    ["DELETE", `/${none}/items/msg_1`, undefined, 404, { code: "not_found" }],
    ["GET", "/conv_'%20OR%20'1'='1", undefined, 400, { code: "invalid_value", param: "conversation_id" }],
    ["DELETE", "/conv_1;DROP%20TABLE%20records", undefined, 400, { param: "conversation_id" }],
    ["GET", `/${"x".repeat(129)}/items`, undefined, 400, { param: "conversation_id" }],
    ["GET", "/%FF", undefined, 400, { param: "conversation_id" }],
    ["GET", `/${none}/items/msg'--`, undefined, 400, { code: "invalid_value", param: "item_id" }],
    ["DELETE", `/${none}/items/%00`, undefined, 400, { code: "invalid_value", param: "item_id" }],
    ["POST", "", { items: twentyOne }, 400, { code: "array_above_max_length", param: "items" }],
    ["POST", `/${none}/items`, { items: twentyOne }, 400, { code: "array_above_max_length", param: "items" }],
    ["POST", `/${none}/items`, { items: [] }, 400, { code: "empty_array", param: "items" }],
    ["POST", `/${none}/items`, {}, 400, { code: "missing_required_parameter", param: "items" }],
    ["POST", `/${none}/items`, { items: "x" }, 400, { code: "invalid_type", param: "items" }],
    ["POST", "", { items: [{ role: "boss", content: "x" }] }, 400, { param: "items[0].role" }],
    [
      "POST",
      "",
      { items: [{ role: "user", content: [{ type: "input_image", file_id: "file-1" }] }] },
      400,
      { code: "unsupported_value" },
    ],
    ["POST", "", { metadata: { a: 1 } }, 400, { code: "invalid_type", param: "metadata.a" }],
    ["POST", `/${none}`, {}, 400, { code: "missing_required_parameter", param: "metadata" }],
    ["GET", `/${none}/items?limit=0`, undefined, 400, { code: "integer_below_min_value", param: "limit" }],
    ["GET", `/${none}/items?limit=101`, undefined, 400, { code: "integer_above_max_value", param: "limit" }],
    ["GET", `/${none}/items?order=up`, undefined, 400, { code: "invalid_value", param: "order" }],
    ["GET", "", undefined, 405, { code: "method_not_allowed" }],
  ] as const) {
    test(`${method} ${rest.slice(0, 40)} ${body === undefined ? "" : JSON.stringify(body).slice(0, 60)}`, async () => {
      await using app = start();

      const response = await fetch(`${app.url}${path}${rest}`, {
        method,
        ...(body !== undefined && { body: JSON.stringify(body) }),
      });

      expect(response.status).toBe(status);
      expect(await response.json()).toMatchObject({ error: { type: "invalid_request_error", ...error } });
    });
  }

  test("a page behind an item that is not there", async () => {
    await using app = start();
    const { id } = await begin(app, { items: [hello] });

    const response = await app.get(`${path}/${id}/items?after=msg_none`);

    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({ error: { code: "invalid_value", param: "after" } });
  });
});

test("a store that is down is told as such, on every route", async () => {
  const { records } = createStore("memory:", memoryLog());
  await using app = start({
    records: { ...records, head: down, read: down, entries: down, findEntry: down, write: down },
  });

  const answers503 = [
    await app.post(path, {}),
    await app.get(`${path}/c1`),
    await app.post(`${path}/c1/items`, { items: [hello] }),
    await app.get(`${path}/c1/items`),
    await remove(app, "c1"),
  ];

  for (const response of answers503) {
    expect(response.status).toBe(503);
    expect(await response.json()).toMatchObject({ error: { code: "store_unavailable" } });
  }
});

async function down(): Promise<never> {
  throw storeUnavailable("disk");
}
