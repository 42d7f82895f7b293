import { describe, expect, test } from "bun:test";
import { ServeError } from "../../../src/core/error.ts";
import type { TokenLogprob } from "../../../src/core/generation.ts";
import { createStore } from "../../../src/store/create-store.ts";
import { storeUnavailable } from "../../../src/store/unavailable.ts";
import { type App, type AppOptions, jsonOf, startApp } from "../../support/app.ts";
import { memoryLog } from "../../support/calls.ts";
import { callDelta, callStart, finish, text, usage } from "../../support/events.ts";
import { type ChatBody, type ChatChunk, user } from "../../support/openai-wire.ts";
import { scripted, silence, type Step } from "../../support/scripted.ts";
import { jsonFrames } from "../../support/sse-frames.ts";

const path = "/v1/chat/completions";

interface List {
  data: { id: string; metadata?: unknown }[];
  first_id: string | null;
  last_id: string | null;
  has_more: boolean;
}

const emptyList: object = { object: "list", data: [], first_id: null, last_id: null, has_more: false };
const hello: readonly Step[] = [[text("Hel")], [text("lo"), finish()], [usage(3, 2)]];
const stored = { model: "scripted", ...user("Hi"), store: true };

function start(script: readonly Step[] = hello, options: AppOptions = {}): App {
  return startApp([scripted(script)], options);
}

async function list(app: App, query = "", headers: Record<string, string> = {}): Promise<List> {
  return await jsonOf<List>(await app.get(`${path}?${query}`, headers));
}

async function idsOf(app: App, query = ""): Promise<string[]> {
  return (await list(app, query)).data.map(({ id }) => id);
}

async function store(app: App, more: object = {}): Promise<ChatBody> {
  return await jsonOf<ChatBody>(await app.post(path, { ...stored, ...more }));
}

const logprob: TokenLogprob = {
  token: "Hi",
  logprob: -0.5,
  bytes: [72, 105],
  top: [{ token: "Hi", logprob: -0.5, bytes: [72, 105] }],
};
const tools = [
  { type: "function", function: { name: "f", parameters: { type: "object" } } },
  { type: "custom", custom: { name: "g" } },
];
const scripts: readonly [what: string, script: readonly Step[], more: object][] = [
  ["text", hello, {}],
  [
    "text and thoughts",
    [[{ type: "reasoning-delta", choice: 0, text: "Hm" }, text("Hi")], [finish("length")], [usage(1, 2)]],
    {},
  ],
  [
    "calls",
    [
      [text("I call."), callStart(0, "f"), callDelta(0, '{"a"'), callDelta(0, ":1}")],
      [{ ...callStart(1, "g"), kind: "custom" }, callDelta(1, "free"), finish("tool-calls")],
      [usage(1, 2)],
    ],
    { tools },
  ],
  [
    "several answers with logprobs",
    [
      [
        { ...text("Hi", 1), logprobs: [logprob] },
        { ...text("Ho"), logprobs: [logprob] },
      ],
      [finish("stop", 1), finish(), usage(1, 2)],
    ],
    { n: 2, logprobs: true, top_logprobs: 1 },
  ],
  ["a refusal", [[{ type: "refusal-delta", choice: 0, text: "No" }, finish()], [usage(1, 1)]], {}],
  [
    "the older form of a call",
    [[callStart(0, "f"), callDelta(0, "{}"), finish("tool-calls"), usage(1, 1)]],
    { functions: [{ name: "f", parameters: { type: "object" } }] },
  ],
];

for (const [what, script, more] of scripts) {
  test(`an answer of ${what} is stored as it was given, streamed or not`, async () => {
    await using app = start(script);

    const whole = await store(app, more);
    const stream = await app.post(path, { ...stored, ...more, stream: true });
    const [chunk] = jsonFrames<ChatChunk>(await stream.text());

    expect(await jsonOf<object>(await app.get(`${path}/${whole.id}`))).toEqual({ ...whole, metadata: {} });
    expect(await jsonOf<object>(await app.get(`${path}/${chunk?.id}`))).toEqual({
      ...whole,
      id: chunk?.id ?? "",
      created: chunk?.created ?? 0,
      metadata: {},
    });
  });
}

describe("is not stored:", () => {
  const broken = new ServeError("upstream", "The backend failed.", { code: "upstream_error" });
  for (const [what, script, more] of [
    ["an answer that nobody wanted stored", hello, { store: undefined }],
    ["one that was not to be stored", hello, { store: false }],
    ["one where null was given", hello, { store: null }],
    ["one that fails", [[text("half")], broken], {}],
  ] as const) {
    for (const stream of [false, true]) {
      test(`${what}, stream ${stream}`, async () => {
        await using app = start(script);

        await (await app.post(path, { ...stored, ...more, stream })).text();

        expect<object>(await list(app)).toEqual(emptyList);
      });
    }
  }

  test("one whose client leaves", async () => {
    const backend = scripted([[text("half")], silence]);
    await using app = startApp([backend]);
    const client = new AbortController();
    const response = await app.post(path, { ...stored, stream: true }, { signal: client.signal });

    client.abort();
    await response.text().catch(() => "");
    await (
      await backend.firstCall
    ).ended;

    expect<object>(await list(app)).toEqual(emptyList);
  });
});

test("whoever saw the end of a stream finds what was stored, also without usage", async () => {
  await using app = start([[text("Hello"), finish()], [usage(3, 2)]]);

  const response = await app.post(path, { ...stored, stream: true });
  let stream = "";
  let found: string[] | undefined;
  const decoder = new TextDecoder();
  for await (const bytes of response.body ?? []) {
    stream += decoder.decode(bytes, { stream: true });
    if (stream.includes('"finish_reason":"stop"')) found ??= await idsOf(app);
  }

  expect(found).toHaveLength(1);
  expect(stream).not.toContain('"usage"');
});

test("a list has the oldest first, page by page, and the newest first if asked", async () => {
  await using app = start();
  const ids: string[] = [];
  for (let index = 0; index < 5; index++) ids.push((await store(app)).id);

  const first = await list(app, "limit=2");
  const second = await list(app, `limit=2&after=${first.last_id}`);
  const third = await list(app, `limit=2&after=${second.last_id}`);

  expect([first, second, third].flatMap(({ data }) => data.map(({ id }) => id))).toEqual(ids);
  expect([first, second, third].map(({ has_more }) => has_more)).toEqual([true, true, false]);
  expect(first).toMatchObject({ object: "list", first_id: ids[0], last_id: ids[1] });
  expect(await idsOf(app, "order=desc")).toEqual(ids.toReversed());
});

test("a list is of one model, and of those that bear the metadata asked for", async () => {
  await using app = startApp([
    scripted(hello, {
      models: [
        { id: "a", ownedBy: "us" },
        { id: "b", ownedBy: "us" },
      ],
    }),
  ]);
  const { id: one } = await store(app, { model: "a", metadata: { topic: "x", "": "y", "a]b": "é & ü" } });
  const { id: two } = await store(app, { model: "a", metadata: { topic: "z" } });
  const { id: three } = await store(app, { model: "b", metadata: { topic: "x" } });

  expect(await idsOf(app, "model=a")).toEqual([one, two]);
  expect(await idsOf(app, "metadata[topic]=x")).toEqual([one, three]);
  expect(await idsOf(app, "model=a&metadata%5Btopic%5D=x&metadata[]=y")).toEqual([one]);
  expect(await idsOf(app, `metadata[a]b]=${encodeURIComponent("é & ü")}`)).toEqual([one]);
  expect(await idsOf(app, "model=c")).toEqual([]);
});

test("a list is not of more metadata than can be noted down", async () => {
  await using app = start();
  const queries = [
    Array.from({ length: 17 }, (_, index) => `metadata[${index}]=x`).join("&"),
    `metadata[topic]=${"x".repeat(513)}`,
  ];

  for (const query of queries) expect((await app.get(`${path}?${query}`)).status).toBe(400);
});

test("metadata is stored as given, and replaced or taken away later", async () => {
  await using app = start();
  const { id } = await store(app, { metadata: { topic: "x", __proto__x: "y" } });

  const before = await jsonOf<object>(await app.get(`${path}/${id}`));
  const changed = await jsonOf<object>(await app.post(`${path}/${id}`, { metadata: { other: "z" } }));
  const after = await jsonOf<object>(await app.get(`${path}/${id}`));
  const emptied = await jsonOf<object>(await app.post(`${path}/${id}`, { metadata: null }));

  expect(before).toMatchObject({ metadata: { topic: "x", __proto__x: "y" } });
  expect(changed).toEqual({ ...before, metadata: { other: "z" } });
  expect(after).toEqual(changed);
  expect(emptied).toEqual({ ...before, metadata: {} });
  expect(await idsOf(app, "metadata[other]=z")).toEqual([]);
  expect(await idsOf(app, "model=scripted")).toEqual([id]);
});

test("the messages of a request are listed with ids, in both orders and page by page", async () => {
  await using app = start();
  const parts = [
    { type: "text", text: "See" },
    { type: "image_url", image_url: { url: "data:image/png;base64,AA==" } },
  ];
  const call = { id: "call_1", type: "function", function: { name: "f", arguments: "{}" } };
  const { id } = await store(app, {
    messages: [
      { role: "system", content: "Be short." },
      { role: "user", content: parts, name: "ada" },
      { role: "assistant", content: null, tool_calls: [call], function_call: null },
      { role: "tool", tool_call_id: "call_1", content: "42" },
    ],
  });

  const all = await jsonOf<List>(await app.get(`${path}/${id}/messages`));
  const page = await jsonOf<List>(await app.get(`${path}/${id}/messages?limit=2&order=desc&after=${id}-3`));

  const common = { refusal: null, name: null, content_parts: null };
  expect<object>(all).toEqual({
    object: "list",
    data: [
      { ...common, id: `${id}-0`, role: "system", content: "Be short." },
      { ...common, id: `${id}-1`, role: "user", name: "ada", content: null, content_parts: parts },
      { ...common, id: `${id}-2`, role: "assistant", content: null, tool_calls: [call] },
      { ...common, id: `${id}-3`, role: "tool", tool_call_id: "call_1", content: "42" },
    ],
    first_id: `${id}-0`,
    last_id: `${id}-3`,
    has_more: false,
  });
  expect(page).toMatchObject({ first_id: `${id}-2`, last_id: `${id}-1`, has_more: true });
});

test("what was deleted is gone", async () => {
  await using app = start();
  const { id } = await store(app);

  const deleted = await remove(app, id);
  const again = await remove(app, id);
  const found = await app.get(`${path}/${id}`);

  expect(await deleted.json()).toEqual({ object: "chat.completion.deleted", id, deleted: true });
  expect([again.status, found.status]).toEqual([404, 404]);
  expect<object>(await list(app)).toEqual(emptyList);
});

test("another key finds nothing of it", async () => {
  await using app = start(hello, { keys: ["sk-one", "sk-two"] });
  const one = { authorization: "Bearer sk-one" };
  const two = { authorization: "Bearer sk-two" };
  const { id } = await jsonOf<ChatBody>(await app.post(path, stored, { headers: one }));

  const foreign = [
    await app.get(`${path}/${id}`, two),
    await app.get(`${path}/${id}/messages`, two),
    await app.post(`${path}/${id}`, { metadata: {} }, { headers: two }),
    await remove(app, id, two),
  ];

  expect(foreign.map(({ status }) => status)).toEqual([404, 404, 404, 404]);
  expect((await list(app, "", two)).data).toEqual([]);
  expect<object>(await list(app, `after=${id}`, two)).toMatchObject({ error: { param: "after" } });
  expect((await list(app, "", one)).data).toMatchObject([{ id }]);
});

describe("is refused:", () => {
  for (const [method, suffix, body, status, error] of [
    ["GET", "/chatcmpl-nobody", undefined, 404, { code: "not_found", param: null }],
    ["GET", "/chatcmpl-nobody/messages", undefined, 404, { code: "not_found" }],
    ["DELETE", "/chatcmpl-nobody", undefined, 404, { code: "not_found" }],
    ["POST", "/chatcmpl-nobody", { metadata: {} }, 404, { code: "not_found" }],
    ["GET", "/resp_1", undefined, 400, { code: "invalid_value", param: "completion_id" }],
    ["GET", "/chatcmpl-'%20OR%201=1--", undefined, 400, { code: "invalid_value", param: "completion_id" }],
    ["GET", "/%FF", undefined, 400, { code: "invalid_value", param: "completion_id" }],
    ["GET", "/chatcmpl-%00", undefined, 400, { code: "invalid_value", param: "completion_id" }],
    ["DELETE", `/chatcmpl-${"x".repeat(129)}`, undefined, 400, { code: "invalid_value" }],
    ["POST", "/chatcmpl-nobody", {}, 400, { code: "missing_required_parameter", param: "metadata" }],
    ["POST", "/chatcmpl-nobody", { metadata: "x" }, 400, { code: "invalid_type", param: "metadata" }],
    ["POST", "/chatcmpl-nobody", { metadata: { a: 1 } }, 400, { param: "metadata.a" }],
    ["GET", "?limit=101", undefined, 400, { code: "integer_above_max_value", param: "limit" }],
    ["GET", "?order=newest", undefined, 400, { code: "invalid_value", param: "order" }],
    ["GET", "?after=chatcmpl-nobody", undefined, 400, { code: "invalid_value", param: "after" }],
    ["PUT", "/chatcmpl-nobody", {}, 405, { code: "method_not_allowed" }],
  ] as const) {
    test(`${method} ${suffix.slice(0, 40)} ${body === undefined ? "" : JSON.stringify(body)}`, async () => {
      await using app = start();

      const response = await fetch(`${app.url}${path}${suffix}`, {
        method,
        ...(body !== undefined && { body: JSON.stringify(body) }),
      });

      expect(response.status).toBe(status);
      expect(await response.json()).toMatchObject({ error: { type: "invalid_request_error", ...error } });
    });
  }

  test("messages behind one that is not of the completion", async () => {
    await using app = start();
    const [one, other] = [await store(app), await store(app)];

    const response = await app.get(`${path}/${one.id}/messages?after=${other.id}-0`);

    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({ error: { param: "after" } });
  });
});

test("a store that cannot be written fails who wanted it stored, and asks for no retry", async () => {
  const { records } = createStore("memory:", memoryLog());
  await using app = start(hello, { records: { ...records, write: down, list: down } });

  const whole = await app.post(path, stored);
  const streamed = await app.post(path, { ...stored, stream: true });
  const listed = await app.get(path);
  const plain = await app.post(path, { ...stored, store: false });

  expect([whole.status, listed.status, plain.status]).toEqual([503, 503, 200]);
  expect(whole.headers.get("x-should-retry")).toBe("false");
  const frames = jsonFrames<ChatChunk>(await streamed.text());
  expect(frames.at(-1)).toMatchObject({ error: { code: "store_unavailable" } });
  expect(frames.flatMap(({ choices }) => choices ?? []).map((choice) => choice.finish_reason)).not.toContain(
    "stop",
  );
});

function remove(app: App, id: string, headers: Record<string, string> = {}): Promise<Response> {
  return fetch(`${app.url}${path}/${id}`, { method: "DELETE", headers });
}

test("a store that cannot be reached is found out before the model is asked", async () => {
  const { records } = createStore("memory:", memoryLog());
  const backend = scripted(hello);
  await using app = startApp([backend], { records: { ...records, head: down } });

  const response = await app.post(path, { ...stored, stream: true });

  expect(response.status).toBe(503);
  expect(await response.json()).toMatchObject({ error: { code: "store_unavailable" } });
  expect(backend.calls).toEqual([]);
});

async function down(): Promise<never> {
  throw storeUnavailable("disk");
}
