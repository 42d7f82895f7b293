import { describe, expect, test } from "bun:test";
import type { GenerationRequest } from "../../../src/core/generation.ts";
import { ServeError } from "../../../src/core/error.ts";
import { createStore } from "../../../src/store/create-store.ts";
import type { RecordStore } from "../../../src/store/records.ts";
import { type App, jsonOf, startApp } from "../../support/app.ts";
import { memoryLog } from "../../support/calls.ts";
import { callDelta, callStart, finish, text } from "../../support/events.ts";
import { type ResponseBody, responseEvents } from "../../support/response-events.ts";
import { scripted, silence, type Step } from "../../support/scripted.ts";

const path = "/v1/responses";

/** What the model was shown, as one text for each message. */
function shown({ prompt }: GenerationRequest): string[] {
  if (prompt.kind !== "messages") return [];
  return prompt.messages.map(({ role, content, toolCalls = [] }) => {
    const texts = content.map((part) => (part.type === "text" ? part.text : part.type));
    return [role, ...texts, ...toolCalls.map(({ id }) => id)].join(" ");
  });
}

const numbered = () => scripted((_, call) => [[text(`answer ${call + 1}`)], [finish()]] satisfies Step[]);

async function create(app: App, body: object): Promise<ResponseBody> {
  const response = await app.post(path, body);
  expect(response.status).toBe(200);
  return await jsonOf<ResponseBody>(response);
}

interface Failure {
  error: { code: string | null; param: string | null; message: string };
}

async function failure(response: Promise<Response>) {
  const answered = await response;
  const { error } = await jsonOf<Failure>(answered);
  return { status: answered.status, code: error.code, param: error.param };
}

test("a response is found again as it was answered, until it is deleted", async () => {
  await using app = startApp([numbered()]);

  const created = await create(app, { input: "hi", metadata: { a: "b" } });
  const found = await jsonOf<ResponseBody>(await app.get(`${path}/${created.id}`));
  const deleted = await fetch(`${app.url}${path}/${created.id}`, { method: "DELETE" });
  const gone = await failure(app.get(`${path}/${created.id}`));
  const deletedAgain = await failure(fetch(`${app.url}${path}/${created.id}`, { method: "DELETE" }));

  expect(created.store).toBe(true);
  expect(found).toEqual(created);
  expect(await jsonOf<object>(deleted)).toEqual({ id: created.id, object: "response", deleted: true });
  expect(gone).toEqual({ status: 404, code: "not_found", param: null });
  expect(deletedAgain.status).toBe(404);
});

test("who saw the end of a stream finds the response", async () => {
  await using app = startApp([numbered()]);

  const events = responseEvents(await (await app.post(path, { input: "hi", stream: true })).text());
  const last = events.at(-1)?.response;
  const found = await jsonOf<ResponseBody>(await app.get(`${path}/${last?.id}`));

  expect<object | undefined>(found).toEqual(last);
});

for (const stream of [false, true]) {
  test(`a chain shows the model all that was said, and no instructions of before${stream ? ", streamed" : ""}`, async () => {
    const backend = numbered();
    await using app = startApp([backend]);
    const ask = async (body: object) => {
      const response = await app.post(path, { ...body, stream });
      if (!stream) return await jsonOf<ResponseBody>(response);
      return responseEvents(await response.text()).at(-1)?.response;
    };

    const first = await ask({ input: "one", instructions: "Be old." });
    const second = await ask({ input: "two", previous_response_id: first?.id });
    await ask({ input: "three", instructions: "Be new.", previous_response_id: second?.id });

    expect(backend.seen.map(shown)).toEqual([
      ["system Be old.", "user one"],
      ["user one", "assistant answer 1", "user two"],
      ["system Be new.", "user one", "assistant answer 1", "user two", "assistant answer 2", "user three"],
    ]);
    expect(second?.previous_response_id).toBe(first?.id ?? "");
  });
}

test("a call is answered by its outcome alone, and left out if it never is", async () => {
  const backend = scripted((_, call) =>
    call === 0
      ? [[callStart(0, "f"), callDelta(0, "{}")], [finish("tool-calls")]]
      : [[text("done")], [finish()]],
  );
  await using app = startApp([backend]);
  const tools = [{ type: "function", name: "f" }];

  const called = await create(app, { input: "go", tools });
  const [call] = called.output;
  const output = { type: "function_call_output", call_id: call?.call_id, output: "42" };
  await create(app, { input: [output], tools, previous_response_id: called.id });
  await create(app, { input: "never mind", tools, previous_response_id: called.id });
  const unknown = await failure(app.post(path, { input: [{ ...output, call_id: "call_other" }], tools }));

  expect(backend.seen.slice(1).map(shown)).toEqual([
    ["user go", "assistant call_0_0", "tool 42"],
    ["user go", "user never mind"],
  ]);
  expect(unknown).toEqual({ status: 400, code: "invalid_value", param: "input" });
});

test("what is not kept is neither found nor gone on from", async () => {
  await using app = startApp([numbered()]);

  const created = await create(app, { input: "hi", store: false });
  const found = await failure(app.get(`${path}/${created.id}`));
  const chained = await failure(app.post(path, { input: "and", previous_response_id: created.id }));

  expect(created.store).toBe(false);
  expect(found.status).toBe(404);
  expect(chained).toEqual({
    status: 400,
    code: "previous_response_not_found",
    param: "previous_response_id",
  });
});

function as(key: string) {
  return { authorization: `Bearer ${key}` };
}

test("a response is its owner's alone", async () => {
  await using app = startApp([numbered()], { keys: ["k1", "k2"] });

  const created = await jsonOf<ResponseBody>(await app.post(path, { input: "hi" }, { headers: as("k1") }));
  const own = await app.get(`${path}/${created.id}`, as("k1"));
  const others = [
    await app.get(`${path}/${created.id}`, as("k2")),
    await fetch(`${app.url}${path}/${created.id}`, { method: "DELETE", headers: as("k2") }),
    await app.get(`${path}/${created.id}/input_items`, as("k2")),
  ];
  const chained = await app.post(
    path,
    { input: "and", previous_response_id: created.id },
    { headers: as("k2") },
  );
  const reference = await app.post(
    path,
    { input: [{ type: "item_reference", id: created.output[0]?.id }] },
    { headers: as("k2") },
  );

  expect(own.status).toBe(200);
  expect(others.map(({ status }) => status)).toEqual([404, 404, 404]);
  expect([chained.status, reference.status]).toEqual([400, 404]);
});

test("a response that somebody else deletes first is not there", async () => {
  const { records } = createStore("memory:", memoryLog());
  const contested: RecordStore = {
    ...records,
    async write(changes) {
      if (changes[0]?.kind === "delete") await records.write(changes);
      return await records.write(changes);
    },
  };
  await using app = startApp([numbered()], { records: contested });
  const { id } = await create(app, { input: "hi" });

  const deleted = await failure(fetch(`${app.url}${path}/${id}`, { method: "DELETE" }));

  expect(deleted).toEqual({ status: 404, code: "not_found", param: null });
});

test("a chain whose beginning was deleted goes on without it; from one that is gone nothing goes on", async () => {
  const backend = numbered();
  await using app = startApp([backend]);

  const first = await create(app, { input: "one" });
  const second = await create(app, { input: "two", previous_response_id: first.id });
  await fetch(`${app.url}${path}/${first.id}`, { method: "DELETE" });
  await create(app, { input: "three", previous_response_id: second.id });
  const orphan = await failure(app.post(path, { input: "four", previous_response_id: first.id }));

  expect(backend.seen.map(shown).at(-1)).toEqual(["user two", "assistant answer 2", "user three"]);
  expect(orphan.code).toBe("previous_response_not_found");
});

test("a reference stands for a stored item, once", async () => {
  const backend = numbered();
  await using app = startApp([backend]);

  const first = await create(app, { input: "one" });
  const reference = { type: "item_reference", id: first.output[0]?.id };
  const second = await create(app, {
    input: [{ role: "user", content: "one" }, reference, { role: "user", content: "two" }],
  });
  await create(app, {
    input: [reference, { role: "user", content: "three" }],
    previous_response_id: first.id,
  });
  const listed = await jsonOf<{ data: { id: string; type: string }[] }>(
    await app.get(`${path}/${second.id}/input_items?order=asc`),
  );
  const unknown = await failure(app.post(path, { input: [{ id: "msg_nobody" }] }));
  const strange = await failure(app.post(path, { input: [{ type: "item_reference", id: "\0\ud800'" }] }));

  expect(backend.seen.slice(1).map(shown)).toEqual([
    ["user one", "assistant answer 1", "user two"],
    ["user one", "assistant answer 1", "user three"],
  ]);
  expect(listed.data[1]).toMatchObject({ id: first.output[0]?.id, type: "message" });
  for (const refused of [unknown, strange]) {
    expect(refused).toEqual({ status: 404, code: "not_found", param: "input" });
  }
});

test("references stand for no more than a body may hold", async () => {
  const backend = numbered();
  await using app = startApp([backend]);
  const reference = { type: "item_reference", id: "msg_long" };

  await create(app, { input: [{ role: "user", content: "a".repeat(300_000), id: reference.id }] });
  await create(app, { input: [reference, reference, reference] });
  const input = [reference, reference, reference, reference];
  const tooMuch = [
    await failure(app.post(path, { input })),
    await failure(app.post(`${path}/input_tokens`, { input })),
    await failure(app.post("/v1/conversations", { items: input })),
  ];

  expect(tooMuch).toEqual([
    { status: 413, code: "request_too_large", param: "input" },
    { status: 413, code: "request_too_large", param: "input" },
    { status: 413, code: "request_too_large", param: "items" },
  ]);
  expect(backend.seen).toHaveLength(2);
});

describe("the input of a response", () => {
  const three = [
    { role: "user", content: "a" },
    { role: "assistant", content: "b", id: "msg_given" },
    { role: "user", content: [{ type: "input_text", text: "c" }] },
  ];
  interface List {
    object: string;
    data: { id: string; content: { text: string }[] }[];
    first_id: string | null;
    last_id: string | null;
    has_more: boolean;
  }

  for (const [query, texts, hasMore] of [
    ["", ["c", "b", "a"], false],
    ["?order=asc", ["a", "b", "c"], false],
    ["?limit=1", ["c"], true],
    ["?limit=2&order=asc", ["a", "b"], true],
    ["?after=msg_given", ["a"], false],
    ["?order=asc&after=msg_given&limit=1", ["c"], false],
    ["?include[]=message.output_text.logprobs&include[]=other", ["c", "b", "a"], false],
  ] as const) {
    test(`is listed in pages: ${query === "" ? "all of it" : query}`, async () => {
      await using app = startApp([numbered()]);
      const { id } = await create(app, { input: three });

      const list = await jsonOf<List>(await app.get(`${path}/${id}/input_items${query}`));

      expect(list.object).toBe("list");
      expect(list.data.map(({ content }) => content[0]?.text)).toEqual([...texts]);
      expect([list.first_id, list.last_id]).toEqual([list.data[0]?.id ?? null, list.data.at(-1)?.id ?? null]);
      expect(list.has_more).toBe(hasMore);
    });
  }

  for (const [query, param] of [
    ["?limit=0", "limit"],
    ["?limit=101", "limit"],
    ["?order=up", "order"],
    ["?after=msg_nobody", "after"],
  ] as const) {
    test(`is not listed for ${query}`, async () => {
      await using app = startApp([numbered()]);
      const { id } = await create(app, { input: "hi" });

      expect(await failure(app.get(`${path}/${id}/input_items${query}`))).toMatchObject({
        status: 400,
        param,
      });
    });
  }
});

for (const id of ["nonsense", "resp_'; DROP TABLE records; --", "msg_1", "resp_"]) {
  test(`no id of a response: ${id}`, async () => {
    await using app = startApp([numbered()]);
    const encoded = encodeURIComponent(id);

    expect(await failure(app.get(`${path}/${encoded}`))).toEqual({
      status: 400,
      code: "invalid_value",
      param: "response_id",
    });
    expect(await failure(app.post(path, { input: "hi", previous_response_id: id }))).toMatchObject({
      status: 400,
      code: "previous_response_not_found",
    });
  });
}

async function fail(): Promise<never> {
  throw new ServeError("unavailable", "The store cannot be reached.", { code: "store_unavailable" });
}

/** A store whose methods of these names fail, as one that cannot be reached. */
function broken(...names: (keyof RecordStore)[]): RecordStore {
  const { records } = createStore("memory:", memoryLog());
  return { ...records, ...Object.fromEntries(names.map((name) => [name, fail])) };
}

describe("while the store cannot be reached", () => {
  test("who said nothing of keeping is answered, and told that nothing was kept", async () => {
    await using app = startApp([numbered()], { records: broken("write") });

    const whole = await create(app, { input: "hi" });
    const stream = await (await app.post(path, { input: "hi", stream: true })).text();

    expect([whole.status, whole.store]).toEqual(["completed", false]);
    expect(responseEvents(stream).at(-1)).toMatchObject({
      type: "response.completed",
      response: { store: false, status: "completed" },
    });
  });

  test("what needs it fails before the model is asked", async () => {
    const backend = numbered();
    await using app = startApp([backend], { records: broken("head", "read", "chain", "write", "findEntry") });
    const bodies = [
      { input: "hi", store: true },
      { input: "hi", previous_response_id: "resp_1" },
      { input: "hi", background: true },
      { input: [{ type: "item_reference", id: "msg_1" }] },
    ];

    for (const body of bodies) {
      expect(await failure(app.post(path, body))).toMatchObject({ status: 503, code: "store_unavailable" });
    }
    expect(backend.calls).toEqual([]);
  });

  test("an answer that was to be kept and is not has failed, and is not to be had again", async () => {
    await using app = startApp([numbered()], { records: broken("write") });

    const whole = await app.post(path, { input: "hi", store: true });
    const stream = await (await app.post(path, { input: "hi", store: true, stream: true })).text();

    expect(whole.status).toBe(503);
    expect(whole.headers.get("x-should-retry")).toBe("false");
    expect(responseEvents(stream).slice(-2)).toMatchObject([
      { type: "error", code: "store_unavailable" },
      { type: "response.failed", response: { status: "failed", store: false } },
    ]);
  });
});

test("a response that failed or was cut short is kept as it ended", async () => {
  const cut = scripted([[text("half")], [finish("length")]], {
    id: "cut",
    models: [{ id: "cut", ownedBy: "t" }],
  });
  const failing = scripted([
    [text("half")],
    new ServeError("upstream", "The model server failed.", { code: "upstream_error" }),
  ]);
  await using app = startApp([cut, failing]);

  for (const [model, status] of [
    ["cut", "incomplete"],
    ["scripted", "failed"],
  ]) {
    const events = responseEvents(await (await app.post(path, { model, input: "hi", stream: true })).text());
    const last = events.at(-1)?.response;
    const found = await jsonOf<ResponseBody>(await app.get(`${path}/${last?.id}`));

    expect(found.status).toBe(status ?? "");
    expect<object | undefined>(found).toEqual(last);
    expect(found.output[0]).toMatchObject({ status: "incomplete", content: [{ text: "half" }] });
  }
});

test("a response whose reader left is kept as cancelled", async () => {
  const backend = scripted([[text("half")], silence]);
  const { records } = createStore("memory:", memoryLog());
  await using app = startApp([backend], { records });
  const controller = new AbortController();

  const response = await app.post(path, { input: "hi", stream: true }, { signal: controller.signal });
  const reader = response.body?.getReader();
  const { value } = (await reader?.read()) ?? {};
  const id = /"id":"(resp_\w+)"/.exec(new TextDecoder().decode(value))?.[1] ?? "";
  controller.abort();
  const call = await backend.firstCall;
  await call.ended;
  let found = await app.get(`${path}/${id}`);
  while (found.status === 404) found = await app.get(`${path}/${id}`);

  expect(await jsonOf<ResponseBody>(found)).toMatchObject({ status: "cancelled" });
});
