import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { nodeGenerations } from "../support/clients/node.ts";
import { pythonGenerations, type PythonClient, startPython } from "../support/clients/python.ts";
import { expectError } from "../support/expectations.ts";
import { type ChatBody, type ChatChunk, user } from "../support/openai-wire.ts";
import { rejection } from "../support/rejection.ts";
import { post, postStream, send } from "../support/wire.ts";
import { describeOnEachStore } from "./stores.ts";

interface List {
  object: string;
  data: (ChatBody & { metadata: Record<string, string> })[];
  first_id: string | null;
  last_id: string | null;
  has_more: boolean;
}

const options = { backends: { echo: {}, utf8: {}, failmid: {} } };

describeOnEachStore("Stored chat completions", options, (bed) => {
  const url = (rest = "") => `${bed().url}/chat/completions${rest}`;
  const store = async (topic: string, more: object = {}) => {
    const body = { model: "echo", ...user("hi there"), store: true, metadata: { topic }, ...more };
    return (await post<ChatBody>(url(), body)).json;
  };
  const listed = async (query: string) => (await send<List>(url(`?${query}`))).json;

  test("an answer is looked up as it was given, with what was noted down", async () => {
    const given = await store("whole", { n: 2 });

    const found = await send<ChatBody>(url(`/${given.id}`));

    expect(given.choices).toHaveLength(2);
    expect<object>(found.json).toEqual({ ...given, metadata: { topic: "whole" } });
  });

  test("so is one that was streamed", async () => {
    const body = { model: "utf8", ...user("hi"), store: true, metadata: { topic: "stream" } };
    const { chunks } = await postStream<ChatChunk>(url(), { ...body, stream: true });
    const whole = (await post<ChatBody>(url(), body)).json;

    const found = await send<ChatBody>(url(`/${chunks[0]?.id}`));

    const { id, created } = found.json;
    expect<object>(found.json).toEqual({ ...whole, id, created, metadata: { topic: "stream" } });
  });

  test("what was not to be stored, or failed, is not there", async () => {
    const unasked = (
      await post<ChatBody>(url(), { model: "echo", ...user("hi"), metadata: { topic: "none" } })
    ).json;
    await post(url(), { model: "failmid", ...user("hi"), store: true, metadata: { topic: "none" } });
    await post(url(), {
      model: "failmid",
      ...user("hi"),
      store: true,
      stream: true,
      metadata: { topic: "none" },
    });

    expectError(await send(url(`/${unasked.id}`)), { status: 404, code: "not_found" });
    expect((await listed("metadata[topic]=none")).data).toEqual([]);
  });

  test("a list has pages, filters and two orders", async () => {
    const ids: string[] = [];
    for (let index = 0; index < 3; index++) ids.push((await store("list")).id);
    await store("other");

    const first = await listed("metadata[topic]=list&model=echo&limit=2");
    const rest = await listed(`metadata[topic]=list&limit=2&after=${first.last_id}`);
    const newest = await listed("metadata[topic]=list&order=desc&limit=1");

    expect(first).toMatchObject({ object: "list", first_id: ids[0], last_id: ids[1], has_more: true });
    expect(rest).toMatchObject({ first_id: ids[2], last_id: ids[2], has_more: false });
    expect(newest.data.map(({ id }) => id)).toEqual([ids[2] ?? ""]);
    expect((await listed("metadata[topic]=list&model=utf8")).data).toEqual([]);
  });

  test("ids that hold SQL, of others and of nobody are refused in OpenAI's form", async () => {
    const { id } = await store("sql");
    const sql = encodeURIComponent("chatcmpl-' OR '1'='1");

    expectError(await send(url(`/${sql}`)), { status: 400, code: "invalid_value", param: "completion_id" });
    expectError(await send(url(`/${sql}`), { method: "DELETE" }), { status: 400, code: "invalid_value" });
    expectError(await send(url(`/${id}x`)), { status: 404, code: "not_found" });
    expectError(await send(url(`?after=${sql}`)), { status: 400, param: "after" });
    expectError(await send(url("?limit=1000")), { status: 400, param: "limit" });
    expectError(await post(url(`/${id}`), {}), { status: 400, param: "metadata" });
    const many = Array.from({ length: 1_000 }, (_, index) => `metadata[${index}]=x`).join("&");
    expectError(await send(url(`?${many}`)), { status: 400, param: "metadata" });
    const injected = await listed(`metadata[${encodeURIComponent("topic' OR '1'='1")}]=sql`);
    expect(injected.data).toEqual([]);
    expect((await send(url(`/${id}`))).status).toBe(200);
  });

  for (const { name, connect } of nodeGenerations) {
    test(`${name} stores, lists, looks up, changes and deletes`, async () => {
      const { completions } = connect(bed().url).chat;
      const body = { model: "echo", ...user("hi there"), store: true, metadata: { client: name } };
      const messages = [{ role: "user" as const, content: "hi there" }];
      const one = await completions.create({ ...body, messages });
      const two = await completions.create({ ...body, messages, stream: true });
      for await (const _ of two);

      const pages = await Array.fromAsync(completions.list({ metadata: { client: name }, limit: 1 }));
      const found = await completions.retrieve(one.id);
      const said = await Array.fromAsync(completions.messages.list(one.id, { order: "asc" }));
      const changed = await completions.update(one.id, { metadata: { client: "changed" } });
      const deleted = await completions.delete(one.id);
      const gone = await rejection(completions.retrieve(one.id));

      expect(pages.map(({ choices }) => choices[0]?.message.content)).toEqual(["hi there", "hi there"]);
      expect(found.choices).toEqual(one.choices);
      expect(said).toMatchObject([{ id: `${one.id}-0`, role: "user", content: "hi there" }]);
      expect(changed).toMatchObject({ id: one.id, metadata: { client: "changed" } });
      expect(deleted).toEqual({ object: "chat.completion.deleted", id: one.id, deleted: true });
      expect(gone).toMatchObject({ status: 404, code: "not_found" });
    });
  }

  describe.each(pythonGenerations)("openai-python %s", (generation) => {
    let python: PythonClient;
    beforeAll(async () => {
      python = await startPython(generation);
    });
    afterAll(() => python.stop());
    const run = <Value>(call: string, given: object, mode: "value" | "items" = "value") =>
      python.run<Value>({
        baseUrl: bed().url,
        call: `chat.completions.${call}`,
        arguments: { ...given },
        mode,
      });

    test("stores, lists, looks up, changes and deletes", async () => {
      const metadata = { client: `python-${generation}` };
      const { id: completion_id } = await run<ChatBody>("create", {
        model: "echo",
        ...user("hi there"),
        store: true,
        metadata,
      });

      const pages = await run<ChatBody[]>("list", { metadata, limit: 1 }, "items");
      const found = await run<ChatBody>("retrieve", { completion_id });
      const said = await run<object[]>("messages.list", { completion_id }, "items");
      const changed = await run<object>("update", { completion_id, metadata: { a: "b" } });
      const deleted = await run<object>("delete", { completion_id });
      const gone: unknown = await rejection(run("retrieve", { completion_id }));

      expect(pages.map(({ id }) => id)).toEqual([completion_id]);
      expect(found.choices[0]?.message.content).toBe("hi there");
      expect(said).toMatchObject([{ id: `${completion_id}-0`, content: "hi there" }]);
      expect(changed).toMatchObject({ metadata: { a: "b" } });
      expect(deleted).toMatchObject({ deleted: true });
      expect(gone).toMatchObject({ details: { status: 404, code: "not_found" } });
    });
  });
});
