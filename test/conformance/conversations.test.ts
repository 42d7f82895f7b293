import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { nodeGenerations } from "../support/clients/node.ts";
import { pythonGenerations, type PythonClient, startPython } from "../support/clients/python.ts";
import { expectError } from "../support/expectations.ts";
import { describeBlackBox } from "../support/prerequisites.ts";
import { rejection } from "../support/rejection.ts";
import { type Answer, post, send } from "../support/wire.ts";
import { type Bed, startBedWith } from "./bed.ts";
import { describeOnEachStore } from "./stores.ts";

interface Conversation {
  id: string;
  object: string;
  metadata: object;
}

interface Item {
  id: string;
  type: string;
  role?: string;
  content?: { text?: string }[];
}

interface Items {
  data: Item[];
  has_more: boolean;
}

const crew = `
import { defineAgent } from "oai-serve";

export const crew = defineAgent({
  name: "crew",
  async *run({ messages }) {
    yield messages.map(({ role, content }) => role + ":" + content).join(" ");
  },
});
`;
const options = { backends: { echo: {} }, files: { "crew.ts": crew }, args: ["--agent", "crew.ts"] };
const keys = ["--api-key", "sk-one", "--api-key", "sk-two"];

const hello = { type: "message", role: "user", content: "Hello" } as const;

describeOnEachStore("Conversations", options, (bed) => {
  const url = (rest = "") => `${bed().url}/conversations${rest}`;
  const begin = async (body: object = {}) => (await post<Conversation>(url(), body)).json;
  const remove = (rest: string) => send<Conversation>(url(rest), { method: "DELETE" });
  const list = async (id: string, query = "order=asc") =>
    (await send<Items>(url(`/${id}/items?${query}`))).json;
  const chat = async (conversation_id: string, content: string) => {
    const body = { model: "crew", conversation_id, messages: [{ role: "user", content }] };
    const { json } = await post<{ choices: { message: { content: string } }[] }>(
      `${bed().url}/chat/completions`,
      body,
    );
    return json.choices[0]?.message.content;
  };

  test("133: create with metadata and items, get, update, delete", async () => {
    const begun = await begin({ metadata: { topic: "demo" }, items: [hello] });

    const found = await send(url(`/${begun.id}`));
    const changed = await post(url(`/${begun.id}`), { metadata: { other: "x" } });
    const deleted = await remove(`/${begun.id}`);

    expect<object>(begun).toEqual({
      id: expect.stringMatching(/^conv_/),
      object: "conversation",
      created_at: expect.any(Number),
      metadata: { topic: "demo" },
    });
    expect(found.json).toEqual(begun);
    expect(changed.json).toEqual({ ...begun, metadata: { other: "x" } });
    expect<object>(deleted.json).toEqual({ id: begun.id, object: "conversation.deleted", deleted: true });
    expectError(await send(url(`/${begun.id}`)), { status: 404, code: "not_found" });
  });

  test("134: responses in one see each other, and the list grows by input and output", async () => {
    const { id } = await begin();
    const respond = (input: string, more: object = {}): Promise<Answer> =>
      post(`${bed().url}/responses`, { model: "echo", conversation: id, input, ...more });

    await respond("One");
    await respond("Two", { stream: true });

    const { data } = await list(id);
    expect(data.map(({ content = [] }) => content[0]?.text)).toEqual(["One", "One", "Two", "Two"]);
    expect(await chat(id, "Three")).toBe("user:One assistant:One user:Two assistant:Two user:Three");
  });

  test("135: an unknown conversation is 404, and 21 items are too many", async () => {
    const { id } = await begin();
    const items = Array.from({ length: 21 }, () => hello);

    expectError(await post(url(`/${id}/items`), { items }), {
      status: 400,
      code: "array_above_max_length",
      param: "items",
    });
    expectError(await post(url(), { items }), {
      status: 400,
      code: "array_above_max_length",
      param: "items",
    });
    expectError(
      await post(`${bed().url}/responses`, { model: "echo", conversation: "conv_none", input: "x" }),
      {
        status: 404,
        code: "not_found",
      },
    );
    expect((await post<Items>(url(`/${id}/items`), { items: items.slice(1) })).json.data).toHaveLength(20);
  });

  test("one begun in chat is read and added to, and goes on there", async () => {
    await chat("team/c1", "One");

    const { data } = await list(encodeURIComponent("team/c1"));
    await post(url(`/${encodeURIComponent("team/c1")}/items`), { items: [{ ...hello, content: "Added" }] });

    expect(data.map(({ role }) => role)).toEqual(["user", "assistant"]);
    expect(await chat("team/c1", "Two")).toBe("user:One assistant:user:One user:Added user:Two");
  });

  test("an item is looked up, and gone once deleted", async () => {
    const begun = await begin({ items: [hello, { ...hello, content: "Bye" }] });
    const [first, second] = (await list(begun.id)).data;

    const found = await send<Item>(url(`/${begun.id}/items/${first?.id}`));
    const deleted = await remove(`/${begun.id}/items/${first?.id}`);

    expect(found.json).toEqual(first ?? { id: "", type: "" });
    expect(deleted.json).toEqual(begun);
    expect((await list(begun.id)).data).toEqual(second === undefined ? [] : [second]);
    expectError(await send(url(`/${begun.id}/items/${first?.id}`)), { status: 404, code: "not_found" });
  });

  test("ids that hold SQL are refused, and change nothing", async () => {
    const { id } = await begin({ items: [hello] });
    const sql = encodeURIComponent("x'; DROP TABLE records; --");

    for (const answer of [
      await send(url(`/${sql}`)),
      await send(url(`/${sql}/items`)),
      await remove(`/${sql}`),
      await send(url(`/${id}/items/${sql}`)),
      await remove(`/${id}/items/${sql}`),
      await send(url(`/${id}/items?after=${sql}`)),
    ]) {
      expectError(answer, { status: 400, code: "invalid_value" });
    }
    expect((await list(id)).data).toHaveLength(1);
  });

  for (const { name, connect } of nodeGenerations) {
    test(`${name} does all of it`, async () => {
      const { conversations } = connect(bed().url);
      const empty = await conversations.create();
      const { id } = await conversations.create({ metadata: { client: name }, items: [hello] });

      const added = await conversations.items.create(id, { items: [{ role: "user", content: "Bye" }] });
      const pages = await Array.fromAsync(conversations.items.list(id, { limit: 1, order: "asc" }));
      const item = await conversations.items.retrieve(added.first_id, { conversation_id: id });
      const left = await conversations.items.delete(added.first_id, { conversation_id: id });
      const found = await conversations.retrieve(id);
      const changed = await conversations.update(id, { metadata: { a: "b" } });
      const deleted = await conversations.delete(id);
      const gone = await rejection(conversations.retrieve(id));

      expect(empty).toMatchObject({ object: "conversation", metadata: {} });
      expect(pages).toMatchObject([{ content: [{ text: "Hello" }] }, { content: [{ text: "Bye" }] }]);
      expect<object>(item).toEqual(pages[1] ?? {});
      expect(left).toEqual(found);
      expect(changed.metadata).toEqual({ a: "b" });
      expect(deleted).toEqual({ id, object: "conversation.deleted", deleted: true });
      expect(gone).toMatchObject({ status: 404, code: "not_found" });
    });
  }

  describe.each(pythonGenerations)("openai-python %s", (generation) => {
    let python: PythonClient;
    beforeAll(async () => {
      python = await startPython(generation);
    });
    afterAll(() => python.stop());
    const run = <Value>(call: string, given: object = {}, mode: "value" | "items" = "value") =>
      python.run<Value>({ baseUrl: bed().url, call: `conversations.${call}`, arguments: { ...given }, mode });

    test("does all of it", async () => {
      const empty = await run<Conversation>("create");
      const { id: conversation_id } = await run<Conversation>("create", { items: [hello] });

      const added = await run<Items>("items.create", {
        conversation_id,
        items: [{ role: "user", content: "Bye" }],
      });
      const pages = await run<Item[]>("items.list", { conversation_id, limit: 1, order: "asc" }, "items");
      const item_id = added.data[0]?.id;
      const item = await run<Item>("items.retrieve", { conversation_id, item_id });
      await run("items.delete", { conversation_id, item_id });
      const changed = await run<object>("update", { conversation_id, metadata: { a: "b" } });
      const deleted = await run<object>("delete", { conversation_id });
      const gone: unknown = await rejection(run("retrieve", { conversation_id }));

      expect(empty).toMatchObject({ object: "conversation" });
      expect(pages.map(({ content = [] }) => content[0]?.text)).toEqual(["Hello", "Bye"]);
      expect(item).toMatchObject({ id: item_id, type: "message" });
      expect(changed).toMatchObject({ metadata: { a: "b" } });
      expect(deleted).toMatchObject({ deleted: true });
      expect(gone).toMatchObject({ details: { status: 404, code: "not_found" } });
    });
  });
});

describeBlackBox("Conversations of several keys", () => {
  let bed: Bed;
  beforeAll(async () => {
    bed = await startBedWith(options.backends, { ...options, args: [...options.args, ...keys] });
  });
  afterAll(() => bed.stop());

  test("are each key's own, and those of chat too", async () => {
    const url = (rest = "") => `${bed.url}/conversations${rest}`;
    const { id } = (await post<Conversation>(url(), { items: [hello] }, as("sk-one"))).json;
    const body = { model: "crew", conversation_id: id, messages: [{ role: "user", content: "Hi" }] };

    const foreign = [
      await send(url(`/${id}`), { headers: as("sk-two") }),
      await send(url(`/${id}/items`), { headers: as("sk-two") }),
      await send(url(`/${id}`), { method: "DELETE", headers: as("sk-two") }),
      await post(`${bed.url}/responses`, { model: "echo", conversation: id, input: "x" }, as("sk-two")),
    ];
    await post(`${bed.url}/chat/completions`, body, as("sk-two"));
    const mine = await send<Items>(url(`/${id}/items`), { headers: as("sk-one") });
    const theirs = await send<Items>(url(`/${id}/items`), { headers: as("sk-two") });

    for (const answer of foreign) expectError(answer, { status: 404, code: "not_found" });
    expect([mine.json.data.length, theirs.json.data.length]).toEqual([1, 2]);
    expectError(await send(url(`/${id}`)), { status: 401, code: "invalid_api_key" });
  });
});

function as(key: string): Record<string, string> {
  return { authorization: `Bearer ${key}` };
}
