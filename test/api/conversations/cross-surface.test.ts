import { expect, test } from "bun:test";
import { createConversations } from "../../../src/api/common/conversation/conversations.ts";
import type { GenerationRequest, Message } from "../../../src/core/generation.ts";
import { createStore } from "../../../src/store/create-store.ts";
import type { RecordStore } from "../../../src/store/records.ts";
import { type App, jsonOf, startApp } from "../../support/app.ts";
import { memoryLog } from "../../support/calls.ts";
import { callDelta, callStart, finish, text } from "../../support/events.ts";
import { scripted, type ScriptedBackend, type Step } from "../../support/scripted.ts";

interface Room extends App {
  agent: ScriptedBackend;
}

type Script = (request: GenerationRequest, call: number) => readonly Step[];

/** An agent and a plain model, which answer how many messages they were given; and a store that others may have too. */
function startRoom(script: Script = counted, records = createStore("memory:", memoryLog()).records): Room {
  const agent = scripted(script, {
    id: "agents",
    models: [
      { id: "crew", ownedBy: "us" },
      { id: "plain", ownedBy: "us" },
    ],
  });
  const conversations = createConversations({
    store: records,
    limits: { maxMessages: 1_000, maxBytes: 1 << 20 },
    countTokens: async (messages) => messages.map(() => 1),
    agentOf: async (model) => (model === "plain" ? undefined : "crew"),
    log: memoryLog(),
  });
  return { ...startApp([agent], { records, conversations, defaultBackend: "agents" }), agent };
}

function counted(request: GenerationRequest): readonly Step[] {
  return [[text(String(said(request).length))], [finish()]];
}

/** What the model was given, as `role:text`. */
function said({ prompt }: GenerationRequest): string[] {
  return prompt.kind === "messages" ? prompt.messages.map((each) => `${each.role}:${textOf(each)}`) : [];
}

function textOf({ content }: Message): string {
  return content.map((part) => (part.type === "text" ? part.text : "")).join("");
}

interface Item {
  id: string;
  type: string;
  role?: string;
  content?: { text?: string }[];
}

async function itemsOf(room: Room, id: string): Promise<Item[]> {
  const response = await room.get(`/v1/conversations/${id}/items?order=asc&limit=100`);
  return (await jsonOf<{ data: Item[] }>(response)).data;
}

function shown(items: readonly Item[]): string[] {
  return items.map(({ type, role, content = [] }) => `${role ?? type}:${content[0]?.text ?? ""}`);
}

async function chat(room: Room, id: string, messages: string | readonly object[]): Promise<void> {
  const list = typeof messages === "string" ? [{ role: "user", content: messages }] : messages;
  const response = await room.post("/v1/chat/completions", {
    model: "crew",
    conversation_id: id,
    messages: list,
  });
  expect([response.status, await response.text()]).toEqual([200, expect.any(String)]);
}

async function respond(room: Room, id: string, input: string, more: object = {}): Promise<void> {
  const body = { model: "plain", conversation: id, input, ...more };
  const response = await room.post("/v1/responses", body);
  expect([response.status, await response.text()]).toEqual([200, expect.any(String)]);
}

async function begin(room: Room, body: object = {}): Promise<string> {
  return (await jsonOf<{ id: string }>(await room.post("/v1/conversations", body))).id;
}

test("a conversation begun in chat is read, added to, and goes on in chat and in responses", async () => {
  await using room = startRoom();
  await chat(room, "c1", "One");

  await room.post("/v1/conversations/c1/items", { items: [{ role: "user", content: "Added" }] });
  await chat(room, "c1", "Two");
  await respond(room, "c1", "Three");
  await respond(room, "c1", "Four", { stream: true });
  await chat(room, "c1", "Five");

  expect(said(room.agent.seen.at(-1) ?? neverAsked())).toEqual([
    "user:One",
    "assistant:1",
    "user:Added",
    "user:Two",
    "assistant:4",
    "user:Three",
    "assistant:6",
    "user:Four",
    "assistant:8",
    "user:Five",
  ]);
  const items = await itemsOf(room, "c1");
  expect(shown(items)).toEqual([...said(room.agent.seen.at(-1) ?? neverAsked()), "assistant:10"]);
  expect(new Set(items.map(({ id }) => id)).size).toBe(items.length);
});

test("a conversation begun through its own route goes on in chat and in responses", async () => {
  await using room = startRoom();
  const id = await begin(room, { metadata: { a: "b" }, items: [{ role: "system", content: "Be short." }] });

  await respond(room, id, "One");
  await chat(room, id, "Two");

  expect(shown(await itemsOf(room, id))).toEqual([
    "system:Be short.",
    "user:One",
    "assistant:2",
    "user:Two",
    "assistant:4",
  ]);
  expect(await jsonOf<object>(await room.get(`/v1/conversations/${id}`))).toMatchObject({
    metadata: { a: "b" },
  });
});

test("calls and their outcomes are items to the one and messages to the other", async () => {
  const tools = [{ type: "function", function: { name: "f", parameters: { type: "object" } } }];
  await using room = startRoom((request, call) =>
    call === 0
      ? [[text("I look."), callStart(0, "f"), callDelta(0, '{"a":1}'), finish("tool-calls")]]
      : counted(request),
  );
  const id = await begin(room);
  const ask = (messages: readonly object[]) =>
    room.post("/v1/chat/completions", { model: "crew", conversation_id: id, messages, tools });

  await (await ask([{ role: "user", content: "Look" }])).text();
  await (await ask([{ role: "tool", tool_call_id: "call_0_0", content: "42" }])).text();

  expect(await itemsOf(room, id)).toMatchObject([
    { type: "message", role: "user" },
    { type: "message", role: "assistant", content: [{ type: "output_text", text: "I look." }] },
    { type: "function_call", call_id: "call_0_0", name: "f", arguments: '{"a":1}' },
    { type: "function_call_output", call_id: "call_0_0", output: "42" },
    { type: "message", role: "assistant" },
  ]);
});

test("items that say nothing to an agent stay where its turns come behind them", async () => {
  await using room = startRoom();
  const id = await begin(room, {
    items: [
      { role: "user", content: "One" },
      { type: "reasoning", id: "rs_1", summary: [], encrypted_content: "opaque" },
      { role: "assistant", content: "Yes" },
      { type: "web_search_call", id: "ws_1", status: "completed" },
    ],
  });

  await chat(room, id, "Two");
  await chat(room, id, [
    { role: "user", content: "One" },
    { role: "assistant", content: "Yes" },
    { role: "user", content: "Two" },
    { role: "assistant", content: "3" },
    { role: "user", content: "Three" },
  ]);

  expect(shown(await itemsOf(room, id))).toEqual([
    "user:One",
    "reasoning:",
    "assistant:Yes",
    "web_search_call:",
    "user:Two",
    "assistant:3",
    "user:Three",
    "assistant:5",
  ]);
});

test("a history that chat gives whole replaces items from the first difference, and those before it keep their ids", async () => {
  await using room = startRoom();
  const id = await begin(room, { items: [{ role: "user", content: "One" }] });
  await chat(room, id, "Two");
  const before = await itemsOf(room, id);

  await chat(room, id, [
    { role: "user", content: "One" },
    { role: "assistant", content: "Other" },
    { role: "user", content: "Three" },
  ]);

  const after = await itemsOf(room, id);
  expect(shown(after)).toEqual(["user:One", "assistant:Other", "user:Three", "assistant:3"]);
  expect(after[0]).toEqual(before[0] ?? neverAsked());
});

test("what is added or deleted while an agent answers is not undone by its turn", async () => {
  const gate = Promise.withResolvers<void>();
  await using room = startRoom((request, call) => (call === 0 ? [gate.promise, ...counted(request)] : []));
  const id = await begin(room, {
    items: [
      { role: "user", content: "A", id: "msg_a" },
      { role: "user", content: "B" },
    ],
  });
  const turn = chat(room, id, "C");
  await room.agent.firstCall;

  await room.post(`/v1/conversations/${id}/items`, { items: [{ role: "user", content: "Added" }] });
  await fetch(`${room.url}/v1/conversations/${id}/items/msg_a`, { method: "DELETE" });
  gate.resolve();
  await turn;

  expect(shown(await itemsOf(room, id))).toEqual(["user:B", "user:Added", "user:C", "assistant:3"]);
});

test("turns of chat and of responses at once are whole, one behind the other", async () => {
  await using room = startRoom();
  const id = await begin(room);

  await Promise.all(
    Array.from({ length: 6 }, (_, index) =>
      index % 2 === 0 ? chat(room, id, `Q${index}`) : respond(room, id, `Q${index}`),
    ),
  );

  expect(shown(await itemsOf(room, id)).filter((_, index) => index % 2 === 1)).toEqual(
    [1, 3, 5, 7, 9, 11].map((count) => `assistant:${count}`),
  );
});

test("turns of two servers with one store are whole", async () => {
  const { records }: { records: RecordStore } = createStore("memory:", memoryLog());
  await using one = startRoom(counted, records);
  await using other = startRoom(counted, records);
  const id = await begin(one);

  await Promise.all(
    [one, other].map(async (room, index) => {
      for (let turn = 0; turn < 5; turn++) {
        if (turn % 2 === index) await chat(room, id, `${index}.${turn}`);
        else await respond(room, id, `${index}.${turn}`);
      }
    }),
  );

  const items = shown(await itemsOf(one, id));
  expect(items).toHaveLength(20);
  expect(items.every((each, index) => each.startsWith(index % 2 === 0 ? "user:" : "assistant:"))).toBe(true);
  expect(new Set(items.filter((each) => each.startsWith("user:"))).size).toBe(10);
});

test("a conversation that is not there is begun by chat, and refused by responses", async () => {
  await using room = startRoom();

  const refused = await room.post("/v1/responses", { model: "plain", conversation: "c1", input: "Hi" });
  await chat(room, "c1", "Hi");
  const served = await room.post("/v1/responses", {
    model: "plain",
    conversation: { id: "c1" },
    input: "Hi",
  });

  expect([refused.status, served.status]).toEqual([404, 200]);
});

test("a stored completion of an agent is kept with its turn", async () => {
  await using room = startRoom();
  const id = await begin(room);
  const body = {
    model: "crew",
    conversation_id: id,
    store: true,
    messages: [{ role: "user", content: "Hi" }],
  };

  const given = await jsonOf<{ id: string }>(await room.post("/v1/chat/completions", body));
  const kept = await jsonOf<object>(await room.get(`/v1/chat/completions/${given.id}`));

  expect(kept).toEqual({ ...given, metadata: {} });
  expect(shown(await itemsOf(room, id))).toEqual(["user:Hi", "assistant:1"]);
});

function neverAsked(): never {
  throw new Error("Nobody was asked.");
}
