import { describe, expect, test } from "bun:test";
import { createConversations } from "../../../src/api/common/conversation/conversations.ts";
import { conversationKey, writeHead } from "../../../src/api/common/conversation/layout.ts";
import { readTranscript } from "../../../src/api/common/conversation/transcript.ts";
import { ServeError } from "../../../src/core/error.ts";
import type { GenerationRequest } from "../../../src/core/generation.ts";
import { createStore } from "../../../src/store/create-store.ts";
import type { RecordStore } from "../../../src/store/records.ts";
import { type App, jsonOf, startApp } from "../../support/app.ts";
import { memoryLog } from "../../support/calls.ts";
import { finish, text } from "../../support/events.ts";
import { type ResponseBody, responseEvents } from "../../support/response-events.ts";
import { scripted, type ScriptedBackend, silence, type Step } from "../../support/scripted.ts";

const path = "/v1/responses";

interface Room extends App {
  agent: ScriptedBackend;
  records: RecordStore;
}

/** A server with an agent, the default, and a plain model; both answer with the number of the call. */
function startRoom(script: (call: number) => readonly Step[] = numbered): Room {
  const agent = scripted((_, call) => script(call), {
    id: "agents",
    models: [{ id: "crew", ownedBy: "us" }],
  });
  const plain = scripted((_, call) => numbered(call), { models: [{ id: "plain", ownedBy: "us" }] });
  const log = memoryLog();
  const { records } = createStore("memory:", log);
  const conversations = createConversations({
    store: records,
    limits: { maxMessages: 1_000, maxBytes: 1_048_576 },
    countTokens: async (messages) => messages.map(() => 1),
    agentOf: async (model) => (model === "plain" ? undefined : "crew"),
    log,
  });
  const app = startApp([agent, plain], { defaultBackend: "agents", conversations, records });
  return { ...app, agent, records };
}

function numbered(call: number): readonly Step[] {
  return [[text(`answer ${call + 1}`)], [finish()]];
}

async function begin({ records }: Room, id = "conv_1"): Promise<string> {
  await records.write([
    {
      kind: "put",
      key: conversationKey("", id),
      expectedVersion: 0,
      text: writeHead({ metadata: { a: "b" } }),
    },
  ]);
  return id;
}

async function create(app: App, body: object): Promise<ResponseBody> {
  const response = await app.post(path, { input: "hi", ...body });
  expect(response.status).toBe(200);
  return await jsonOf<ResponseBody>(response);
}

function shown(request: GenerationRequest | undefined): string[] {
  if (request?.prompt.kind !== "messages") return [];
  return request.prompt.messages.map(({ role, content }) =>
    [role, ...content.map((part) => (part.type === "text" ? part.text : part.type))].join(" "),
  );
}

async function itemsIn({ records }: Room, id: string): Promise<string[]> {
  const transcript = await readTranscript(records, conversationKey("", id));
  return (transcript?.items ?? []).map(({ id: itemId }) => itemId);
}

for (const model of ["crew", "plain"]) {
  for (const stream of [false, true]) {
    test(`the next turn of a conversation sees the one before it, ${model}, stream ${stream}`, async () => {
      await using room = startRoom();
      const conversation = await begin(room);
      const ask = async (input: string): Promise<ResponseBody | undefined> => {
        const response = await room.post(path, { model, conversation, input, stream });
        if (!stream) return await jsonOf<ResponseBody>(response);
        return responseEvents(await response.text()).at(-1)?.response;
      };

      const first = await ask("one");
      const second = await ask("two");
      const listed = await jsonOf<{ data: { id: string }[] }>(
        await room.get(`${path}/${first?.id}/input_items`),
      );
      const third = await ask("three");

      expect([first, second, third].map((each) => each?.conversation?.id)).toEqual(
        Array(3).fill(conversation),
      );
      expect(await itemsIn(room, conversation)).toHaveLength(6);
      expect((await itemsIn(room, conversation)).slice(0, 2)).toEqual([
        listed.data[0]?.id ?? "",
        first?.output[0]?.id ?? "",
      ]);
      if (model === "crew") {
        expect(shown(room.agent.seen.at(-1))).toEqual([
          "user one",
          "assistant answer 1",
          "user two",
          "assistant answer 2",
          "user three",
        ]);
        expect(room.agent.seen.at(-1)?.conversationId).toBe(conversation);
      }
    });
  }
}

test("a conversation that was begun through chat goes on here, and back", async () => {
  await using room = startRoom();
  const headers = { "x-conversation-id": "talk" };
  const chat = (content: string) =>
    room.post("/v1/chat/completions", { messages: [{ role: "user", content }] }, { headers });

  await (await chat("one")).text();
  await create(room, { conversation: { id: "talk" }, input: "two" });
  await (await chat("three")).text();

  expect(shown(room.agent.seen.at(-1))).toEqual([
    "user one",
    "assistant answer 1",
    "user two",
    "assistant answer 2",
    "user three",
  ]);
});

test("an agent's conversation is begun, and named, as in chat", async () => {
  await using room = startRoom();

  const first = await room.post(path, { input: "one", conversation_id: "mine" });
  const response = await jsonOf<ResponseBody>(first);
  await (await room.post(path, { input: "two" }, { headers: { "x-conversation-id": "mine" } })).text();
  const plain = await room.post(path, { model: "plain", input: "one", conversation_id: "other" });

  expect(first.headers.get("x-conversation-id")).toBe("mine");
  expect(response.conversation).toEqual({ id: "mine" });
  expect(shown(room.agent.seen.at(-1))).toEqual(["user one", "assistant answer 1", "user two"]);
  expect(plain.status).toBe(200);
  expect(await room.records.head(conversationKey("", "other"))).toBeUndefined();
});

test("two names for two conversations are 400", async () => {
  await using room = startRoom();

  const inBody = await room.post(path, { conversation: "one", input: "x", conversation_id: "other" });
  const headers = { "x-conversation-id": "other" };
  const inHeader = await room.post(path, { conversation: "one", input: "x" }, { headers });

  expect([inBody.status, inHeader.status]).toEqual([400, 400]);
  expect(await inBody.json()).toMatchObject({ error: { param: "conversation_id" } });
  expect(await inHeader.json()).toMatchObject({ error: { param: "X-Conversation-Id" } });
});

test("one that is not there is 404, and one whose name is none 400", async () => {
  await using room = startRoom();

  expect((await room.post(path, { input: "hi", conversation: "conv_nobody" })).status).toBe(404);
  expect((await room.post(path, { input: "hi", conversation: "a b" })).status).toBe(400);
  expect(room.agent.calls).toEqual([]);
});

test("the turns of one conversation come one after the other", async () => {
  const gate = Promise.withResolvers<void>();
  await using room = startRoom((call) => (call === 0 ? [gate.promise, ...numbered(call)] : numbered(call)));
  const conversation = await begin(room);

  const first = create(room, { conversation, input: "one" });
  await room.agent.firstCall;
  const second = create(room, { conversation, input: "two" });
  gate.resolve();
  await Promise.all([first, second]);

  expect(room.agent.seen.map(shown)).toEqual([["user one"], ["user one", "assistant answer 1", "user two"]]);
});

describe("adds nothing to the conversation:", () => {
  test("an answer that failed", async () => {
    const broken = new ServeError("upstream", "The model server failed.", { code: "upstream_error" });
    await using room = startRoom(() => [[text("half")], broken]);
    const conversation = await begin(room);

    await (await room.post(path, { input: "hi", conversation, stream: true })).text();
    await (await room.post(path, { input: "hi", conversation })).text();

    expect(await itemsIn(room, conversation)).toEqual([]);
  });

  test("an answer in the background that was cancelled; the next one may go on", async () => {
    await using room = startRoom((call) => (call === 0 ? [[text("half")], silence] : numbered(call)));
    const conversation = await begin(room);

    const { id } = await create(room, { conversation, background: true });
    await room.agent.firstCall;
    await fetch(`${room.url}${path}/${id}/cancel`, { method: "POST" });
    const next = await create(room, { conversation, input: "again" });

    expect(next.status).toBe("completed");
    expect(await itemsIn(room, conversation)).toHaveLength(2);
  });
});

test("an answer in the background is added once it is there", async () => {
  await using room = startRoom();
  const conversation = await begin(room);

  const events = await (
    await room.post(path, { input: "hi", conversation, background: true, stream: true })
  ).text();
  const response = responseEvents(events).at(-1)?.response;

  expect(response).toMatchObject({ status: "completed", conversation: { id: conversation } });
  expect(await itemsIn(room, conversation)).toHaveLength(2);
});

test("a turn is added though the response itself is not kept", async () => {
  await using room = startRoom();
  const conversation = await begin(room);

  const { id, store } = await create(room, { conversation, store: false });

  expect(store).toBe(false);
  expect((await room.get(`${path}/${id}`)).status).toBe(404);
  expect(await itemsIn(room, conversation)).toHaveLength(2);
});

test("the tokens of a conversation are counted without waiting for its turn", async () => {
  await using room = startRoom(() => [[text("half")], silence]);
  const conversation = await begin(room);
  const { id } = await create(room, { conversation, background: true });

  const counted = await room.post(`${path}/input_tokens`, { input: "hi", conversation });
  await fetch(`${room.url}${path}/${id}/cancel`, { method: "POST" });

  expect(await jsonOf<object>(counted)).toMatchObject({ object: "response.input_tokens" });
});

test("what an agent tells of its work comes with the response, and is kept", async () => {
  await using room = startRoom(() => [
    [text("done")],
    [{ type: "metadata", fields: { agents_used: ["crew"], iterations: 2 } }, finish()],
  ]);

  const created = await create(room, { metadata: { mine: "yes" }, include_steps: true });
  const found = await jsonOf<ResponseBody>(await room.get(`${path}/${created.id}`));

  expect(created["agent_metadata"]).toEqual({ agents_used: ["crew"], iterations: 2 });
  expect(created["metadata"]).toEqual({ mine: "yes" });
  expect(found).toEqual(created);
  expect(room.agent.seen[0]?.extra).toMatchObject({ include_steps: true });
});
