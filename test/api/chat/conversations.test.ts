import { describe, expect, test } from "bun:test";
import {
  type ConversationDeps,
  createConversations,
} from "../../../src/api/common/conversation/conversations.ts";
import { conversationKey } from "../../../src/api/common/conversation/layout.ts";
import { readTranscript } from "../../../src/api/common/conversation/transcript.ts";
import { ServeError } from "../../../src/core/error.ts";
import type { GenerationRequest, Message } from "../../../src/core/generation.ts";
import { createStore } from "../../../src/store/create-store.ts";
import type { RecordStore, StoredRecord } from "../../../src/store/records.ts";
import { storeUnavailable } from "../../../src/store/unavailable.ts";
import { type App, type AppOptions, jsonOf, startApp } from "../../support/app.ts";
import { memoryLog } from "../../support/calls.ts";
import { callDelta, callStart, finish, text, usage } from "../../support/events.ts";
import { type ChatBody, type ChatChunk, chatText, user } from "../../support/openai-wire.ts";
import { scripted, type ScriptedBackend, silence, type Step } from "../../support/scripted.ts";
import { jsonFrames } from "../../support/sse-frames.ts";

const path = "/v1/chat/completions";

type Body = ChatBody & { conversation_id?: string; metadata?: unknown };
type Chunk = ChatChunk & { conversation_id?: string; metadata?: unknown };

interface Room extends App {
  agent: ScriptedBackend;
  store: RecordStore;
}

interface RoomOptions extends Omit<AppOptions, "conversations"> {
  conversationLimits?: Partial<ConversationDeps["limits"]>;
  store?: RecordStore;
  log?: ReturnType<typeof memoryLog>;
}

/** A server with an agent that plays `script`; by default it answers how many messages it was given. */
function startRoom(
  script: readonly Step[] | ((request: GenerationRequest, call: number) => readonly Step[]) = counted,
  options: RoomOptions = {},
): Room {
  const agent = scripted(script, { id: "agents", models: [{ id: "crew", ownedBy: "us" }] });
  const plain = scripted([[text("plain"), finish()]], { models: [{ id: "plain", ownedBy: "us" }] });
  const log = options.log ?? memoryLog();
  const store = options.store ?? createStore("memory:", log).records;
  const conversations = createConversations({
    store,
    limits: { maxMessages: 1_000, maxBytes: 1_048_576, ...options.conversationLimits },
    countTokens: async (messages) => messages.map((message) => textOf(message).length),
    async agentOf(model) {
      if (model === "nobody") throw new ServeError("not_found", "No such model.", { param: "model" });
      return model === "plain" ? undefined : "crew";
    },
    log,
  });
  const { store: _store, log: _log, conversationLimits: _limits, ...appOptions } = options;
  const app = startApp([agent, plain], { defaultBackend: "agents", ...appOptions, conversations });
  return { ...app, agent, store };
}

function counted(request: GenerationRequest): readonly Step[] {
  return [[text(String(textsOf(request).length))], [finish()]];
}

function textOf({ content }: Message): string {
  return content.map((part) => (part.type === "text" ? part.text : "")).join("");
}

/** What the agent was given, as `role:text`. */
function textsOf({ prompt }: GenerationRequest): string[] {
  return prompt.kind === "messages" ? prompt.messages.map((each) => `${each.role}:${textOf(each)}`) : [];
}

async function messagesOf(store: RecordStore, id = "c1"): Promise<readonly Message[]> {
  return (await readTranscript(store, conversationKey("", id)))?.messages ?? [];
}

async function stored(store: RecordStore): Promise<readonly StoredRecord[]> {
  return (await store.list({ collection: "conversation", order: "desc", limit: 9 }))?.items ?? [];
}

async function ask(room: Room, question: unknown, more: object = {}, headers = {}): Promise<Body> {
  const messages = typeof question === "string" ? user(question).messages : question;
  const response = await room.post(path, { model: "crew", messages, ...more }, { headers });
  return await jsonOf<Body>(response);
}

const c1 = { conversation_id: "c1" };

for (const stream of [false, true]) {
  describe(`stream ${stream}`, () => {
    test("a conversation goes on where it ended", async () => {
      await using room = startRoom();

      for (const question of ["One", "Two", "Three"]) {
        await (await room.post(path, { model: "crew", ...user(question), ...c1, stream })).text();
      }

      expect(room.agent.seen.map(textsOf)).toEqual([
        ["user:One"],
        ["user:One", "assistant:1", "user:Two"],
        ["user:One", "assistant:1", "user:Two", "assistant:3", "user:Three"],
      ]);
      expect(room.agent.seen.map(({ conversationId }) => conversationId)).toEqual(["c1", "c1", "c1"]);
    });

    test("an id is made when there is none, and goes on when it is given back", async () => {
      await using room = startRoom();

      const first = await room.post(path, { model: "crew", ...user("One"), stream });
      await first.text();
      const id = first.headers.get("x-conversation-id") ?? "";
      await ask(room, "Two", { conversation_id: id });

      expect(id).toMatch(/^conv_[A-Za-z0-9]{24}$/);
      expect(room.agent.seen.map(textsOf)[1]).toEqual(["user:One", "assistant:1", "user:Two"]);
    });

    test("an answer that fails leaves the conversation as it was", async () => {
      const broken = new ServeError("upstream", "The backend failed.", { code: "upstream_error" });
      await using room = startRoom((request, call) =>
        call === 1 ? [[text("half")], broken] : counted(request),
      );
      await ask(room, "One", c1);

      await (await room.post(path, { model: "crew", ...user("Two"), ...c1, stream })).text();
      await ask(room, "Three", c1);

      expect(room.agent.seen.map(textsOf).at(-1)).toEqual(["user:One", "assistant:1", "user:Three"]);
    });

    test("so does one whose client leaves, and the next gets its turn", async () => {
      await using room = startRoom((request, call) =>
        call === 0 ? [[text("half")], silence] : counted(request),
      );
      const client = new AbortController();
      const left = room
        .post(path, { model: "crew", ...user("One"), ...c1, stream }, { signal: client.signal })
        .then((response) => response.text())
        .catch(() => "left");
      const call = await room.agent.firstCall;

      const next = ask(room, "Two", c1);
      client.abort();
      await Promise.all([left, call.ended, next]);

      expect(room.agent.seen.map(textsOf).at(-1)).toEqual(["user:Two"]);
    });

    test("requests at once are answered one after the other", async () => {
      await using room = startRoom();

      await Promise.all(
        Array.from({ length: 10 }, async (_, index) =>
          (await room.post(path, { model: "crew", ...user(`Q${index}`), ...c1, stream })).text(),
        ),
      );

      const last = room.agent.seen.map(textsOf).at(-1) ?? [];
      expect(last).toHaveLength(19);
      expect(last.filter((each) => each.startsWith("assistant:"))).toEqual(
        [1, 3, 5, 7, 9, 11, 13, 15, 17].map((count) => `assistant:${count}`),
      );
      expect(new Set(last.filter((each) => each.startsWith("user:"))).size).toBe(10);
    });

    test("a call of a client's tool and its result are part of it", async () => {
      const tools = [{ type: "function", function: { name: "f", parameters: { type: "object" } } }];
      await using room = startRoom((request, call) =>
        call === 0
          ? [[callStart(0, "f")], [callDelta(0, '{"a":1}')], [finish("tool-calls")]]
          : counted(request),
      );

      await (await room.post(path, { model: "crew", ...user("One"), tools, ...c1, stream })).text();
      await ask(room, [{ role: "tool", tool_call_id: "call_0_0", content: "42" }], { tools, ...c1 });

      const { prompt } = room.agent.seen[1] ?? {};
      expect(prompt?.kind === "messages" && prompt.messages).toMatchObject([
        { role: "user" },
        {
          role: "assistant",
          toolCalls: [{ id: "call_0_0", kind: "function", name: "f", arguments: '{"a":1}' }],
        },
        { role: "tool", toolCallId: "call_0_0" },
      ]);
    });
  });
}

describe("the id", () => {
  const places: readonly [where: string, more: object, headers: Record<string, string>][] = [
    ["the body", c1, {}],
    ["the header", {}, { "X-Conversation-Id": "c1" }],
    ["metadata", { metadata: { conversation_id: "c1" } }, {}],
    ["the body and the header", c1, { "X-Conversation-Id": "c1" }],
    ["the header before metadata", { metadata: { conversation_id: "c2" } }, { "X-Conversation-Id": "c1" }],
    ["the header where the body has null", { conversation_id: null }, { "X-Conversation-Id": "c1" }],
  ];
  for (const [where, more, headers] of places) {
    test(`is taken from ${where}`, async () => {
      await using room = startRoom();

      const response = await room.post(path, { model: "crew", ...user("Hi"), ...more }, { headers });

      expect(await jsonOf<Body>(response)).toMatchObject({ conversation_id: "c1" });
      expect(response.headers.get("x-conversation-id")).toBe("c1");
    });
  }

  for (const id of ["", "x".repeat(129), "a b", "a\u2028", 'a"', "a\\", "é"]) {
    test(`${JSON.stringify(id.slice(0, 9))} is refused in the body and in metadata`, async () => {
      await using room = startRoom();

      expect(await ask(room, "Hi", { conversation_id: id })).toMatchObject({
        error: { type: "invalid_request_error", param: "conversation_id" },
      });
      expect(await ask(room, "Hi", { metadata: { conversation_id: id } })).toMatchObject({
        error: { type: "invalid_request_error", param: "metadata.conversation_id", code: "invalid_value" },
      });
      expect(room.agent.calls).toEqual([]);
    });
  }

  test("in the header is refused by the header's name", async () => {
    await using room = startRoom();

    expect(await ask(room, "Hi", {}, { "X-Conversation-Id": "a b" })).toMatchObject({
      error: { param: "X-Conversation-Id" },
    });
  });

  test("in the header is refused where the body has another", async () => {
    await using room = startRoom();
    const body = { conversation_id: "c1" };

    const other = await ask(room, "Hi", body, { "X-Conversation-Id": "c2" });
    const same = await ask(room, "Hi", body, { "X-Conversation-Id": "c1" });

    expect(other).toMatchObject({ error: { code: "invalid_value", param: "X-Conversation-Id" } });
    expect(same).toMatchObject({ conversation_id: "c1" });
  });

  test("may be such as other servers make", async () => {
    await using room = startRoom();

    for (const id of ["conv_ann@example.org_1763600000", "a/b:c.d~e+f=-", "x".repeat(128)]) {
      expect(await ask(room, "Hi", { conversation_id: id })).toMatchObject({ conversation_id: id });
    }
  });

  test("stands on the first and on the last chunk of a stream", async () => {
    await using room = startRoom();

    const response = await room.post(path, {
      model: "crew",
      ...user("Hi"),
      ...c1,
      stream: true,
      stream_options: { include_usage: true },
    });
    const chunks = jsonFrames<Chunk>(await response.text());

    expect(chunks.map((chunk) => chunk.conversation_id)).toEqual(["c1", undefined, "c1", "c1"]);
    expect(response.headers.get("x-conversation-id")).toBe("c1");
  });

  test("may be read by a page", async () => {
    await using room = startRoom();

    const response = await room.post(
      path,
      { model: "crew", ...user("Hi") },
      { headers: { origin: "http://localhost:3000" } },
    );

    expect(response.headers.get("access-control-expose-headers")).toContain("x-conversation-id");
  });
});

describe("a plain model", () => {
  test("is asked what the client asked; the id comes back", async () => {
    await using room = startRoom();

    for (let turn = 0; turn < 2; turn++) {
      const response = await room.post(path, { model: "plain", ...user("Hi"), ...c1 });
      expect(await jsonOf<Body>(response)).toMatchObject({ conversation_id: "c1" });
      expect(response.headers.get("x-conversation-id")).toBe("c1");
    }

    expect(await stored(room.store)).toEqual([]);
  });

  test("begins no conversation, and takes no notice of metadata", async () => {
    await using room = startRoom();

    const response = await room.post(path, {
      model: "plain",
      ...user("Hi"),
      metadata: { conversation_id: "not an id" },
    });

    expect(response.status).toBe(200);
    expect(response.headers.has("x-conversation-id")).toBe(false);
    expect(await jsonOf<Body>(response)).not.toHaveProperty("conversation_id");
  });
});

describe("the history", () => {
  test("with an answer in it is the whole one, so that nothing is doubled", async () => {
    await using room = startRoom();
    const first = await ask(room, "One", c1);
    const history = [...user("One").messages, first.choices[0]?.message];

    await ask(room, [...history, ...user("Two").messages], c1);
    await ask(room, "Three", c1);

    expect(room.agent.seen.map(textsOf).at(-1)).toEqual([
      "user:One",
      "assistant:1",
      "user:Two",
      "assistant:3",
      "user:Three",
    ]);
  });

  test("is replaced from the first difference", async () => {
    await using room = startRoom();
    for (const question of ["One", "Two"]) await ask(room, question, c1);

    await ask(
      room,
      [...user("One").messages, { role: "assistant", content: "1" }, ...user("Other").messages],
      c1,
    );

    const messages = await messagesOf(room.store);
    expect(messages.map(textOf)).toEqual(["One", "1", "Other", "3"]);
  });

  test("of system messages has the last ones", async () => {
    await using room = startRoom();

    await ask(room, [...system("A"), ...user("One").messages], c1);
    await ask(room, [...system("A"), ...user("Two").messages], c1);
    await ask(room, [...system("B"), ...user("Three").messages], c1);

    expect(room.agent.seen.map(textsOf).at(-1)).toEqual([
      "system:B",
      "user:One",
      "assistant:2",
      "user:Two",
      "assistant:4",
      "user:Three",
    ]);
  });

  test("is given to the agent as far as it may be long, and stored whole", async () => {
    await using room = startRoom(undefined, { conversationLimits: { maxContextTokens: 160 } });
    for (const letter of ["a", "b", "c"]) await ask(room, letter.repeat(100), c1);

    expect(room.agent.seen.map((request) => textsOf(request).length)).toEqual([1, 1, 1]);
    const messages = await messagesOf(room.store);
    expect(messages).toHaveLength(6);
  });

  test("loses its oldest turns once there are too many messages", async () => {
    await using room = startRoom(undefined, { conversationLimits: { maxMessages: 8 } });

    for (let turn = 0; turn < 6; turn++) await ask(room, `Q${turn}`, c1);

    const messages = await messagesOf(room.store);
    expect(messages.length).toBeLessThanOrEqual(8);
    expect(messages.map(textOf).slice(-2, -1)).toEqual(["Q5"]);
  });

  test("of one turn that is too large is refused before the agent is asked", async () => {
    await using room = startRoom(undefined, { conversationLimits: { maxBytes: 1_000 } });

    const response = await room.post(path, { model: "crew", ...user("x".repeat(1_001)), ...c1 });

    expect(response.status).toBe(413);
    expect(await response.json()).toMatchObject({
      error: { code: "conversation_too_large", param: "messages" },
    });
    expect(room.agent.calls).toEqual([]);
  });

  for (const stream of [false, true]) {
    describe(`of an answer without end, stream ${stream}`, () => {
      const endless: readonly Step[] = [
        ...Array.from({ length: 30 }, () => [text("x".repeat(100))]),
        silence,
      ];

      test("fails a named conversation and ends the agent", async () => {
        await using room = startRoom(endless, { conversationLimits: { maxBytes: 1_000 } });

        const response = await room.post(path, { model: "crew", ...user("Hi"), ...c1, stream });
        const body = await response.text();
        const call = await room.agent.firstCall;
        await call.ended;

        expect(response.status).toBe(stream ? 200 : 413);
        expect(body).toContain('"code":"conversation_too_large"');
        expect(await stored(room.store)).toEqual([]);
      });
    });

    test(`of an answer that is too long to keep is given and not kept where it was not asked for, stream ${stream}`, async () => {
      const log = memoryLog();
      const long = [...Array.from({ length: 30 }, () => [text("x".repeat(100))]), [finish()]];
      await using room = startRoom(long, { conversationLimits: { maxBytes: 1_000 }, log });

      const response = await room.post(path, { model: "crew", ...user("Hi"), stream });
      const body = await response.text();

      expect(response.status).toBe(200);
      expect(body.match(/x/g)?.length).toBeGreaterThanOrEqual(3_000);
      expect(await stored(room.store)).toEqual([]);
      expect(log.lines).toEqual(["warn A conversation was not kept"]);
    });
  }

  test("keeps the first of several answers", async () => {
    await using room = startRoom([
      [text("b", 1), text("a")],
      [finish(), finish("stop", 1)],
    ]);

    const body = await ask(room, "One", { ...c1, n: 2 });

    expect(body.choices).toHaveLength(2);
    const messages = await messagesOf(room.store);
    expect(messages.map(textOf)).toEqual(["One", "a"]);
  });

  test("belongs to the key that began it", async () => {
    await using room = startRoom(undefined, { keys: ["sk-one", "sk-two"] });

    for (const key of ["sk-one", "sk-two", "sk-one"]) {
      await ask(room, "Hi", c1, { authorization: `Bearer ${key}` });
    }

    expect(room.agent.seen.map((request) => textsOf(request).length)).toEqual([1, 1, 3]);
    const owners = (await stored(room.store)).map(({ key }) => key.owner);
    expect(new Set(owners).size).toBe(2);
    for (const owner of owners) expect(owner).toMatch(/^[0-9a-f]{16}$/);
  });

  test("names the agent that answered last, also where it was the default", async () => {
    await using room = startRoom();

    await (await room.post(path, { ...user("Hi"), ...c1 })).text();

    expect(await stored(room.store)).toMatchObject([{ key: { id: "c1" }, labels: { model: "crew" } }]);
  });
});

describe("a store", () => {
  test("that cannot be read refuses those who name a conversation, and serves the others", async () => {
    const store = {
      head: down,
      read: down,
      entries: down,
      findEntry: down,
      chain: down,
      list: down,
      write: down,
      claim: down,
    };
    await using room = startRoom(undefined, { store });

    const named = await room.post(path, { model: "crew", ...user("Hi"), ...c1 });
    const unnamed = await room.post(path, { model: "crew", ...user("Hi") });
    const plain = await room.post(path, { model: "plain", ...user("Hi"), ...c1 });

    expect(named.status).toBe(503);
    expect(named.headers.get("retry-after")).toBe("5");
    expect(await named.json()).toMatchObject({ error: { code: "store_unavailable" } });
    expect(room.agent.calls).toHaveLength(1);
    expect([unnamed.status, plain.status]).toEqual([200, 200]);
  });

  test("that cannot be written fails the answer of a named conversation, and asks for no retry", async () => {
    const { records } = createStore("memory:", memoryLog());
    await using room = startRoom(undefined, { store: { ...records, write: down } });

    const named = await room.post(path, { model: "crew", ...user("Hi"), ...c1 });
    const streamed = await room.post(path, { model: "crew", ...user("Hi"), ...c1, stream: true });
    const unnamed = await room.post(path, { model: "crew", ...user("Hi") });

    expect(named.status).toBe(503);
    expect(named.headers.get("x-should-retry")).toBe("false");
    const chunks = jsonFrames<Chunk>(await streamed.text());
    expect(chatText(chunks.slice(0, -1))).toBe("1");
    expect(chunks.at(-1)).toMatchObject({ error: { code: "store_unavailable" } });
    expect(unnamed.status).toBe(200);
  });

  test("that does not answer delays no answer of an unnamed conversation, and is told of once", async () => {
    const { records } = createStore("memory:", memoryLog());
    const { promise: never } = Promise.withResolvers<never>();
    const log = memoryLog();
    await using room = startRoom(undefined, { store: { ...records, write: () => never }, log });

    const answers = [await ask(room, "One"), await ask(room, "Two")];

    expect(answers.map(({ choices }) => choices[0]?.message.content)).toEqual(["1", "1"]);
    expect(log.lines).toEqual(["warn The store is slow: answers of new conversations do not wait for it"]);
  });

  test("that is still writing an unnamed conversation is waited for by whoever goes on with it", async () => {
    const { records } = createStore("memory:", memoryLog());
    const gate = Promise.withResolvers<void>();
    const store: RecordStore = {
      ...records,
      async write(turn) {
        await gate.promise;
        return await records.write(turn);
      },
    };
    await using room = startRoom(undefined, { store });

    const { conversation_id: id } = await ask(room, "One");
    const next = ask(room, "Two", { conversation_id: id });
    await Promise.race([next, ask(room, "Another one's")]);
    gate.resolve();
    await next;

    expect(room.agent.seen.map(textsOf).at(-1)).toEqual(["user:One", "assistant:1", "user:Two"]);
  });

  test("that another process writes to loses no turn", async () => {
    const { records } = createStore("memory:", memoryLog());
    const other = startRoom(undefined, { store: records });
    await using otherRoom = other;
    await using room = startRoom(
      (request, call) =>
        call === 0 ? [ask(otherRoom, "Theirs", c1), [text("ours")], [finish()]] : counted(request),
      { store: records },
    );

    await ask(room, "Ours", c1);

    const messages = await messagesOf(records);
    expect(messages.map(textOf)).toEqual(["Theirs", "1", "Ours", "ours"]);
  });
});

describe("the turn", () => {
  test("is stored before the client sees its end", async () => {
    const written: string[] = [];
    const { records } = createStore("memory:", memoryLog());
    const store: RecordStore = {
      ...records,
      async write(turn) {
        const result = await records.write(turn);
        written.push(...turn.map(({ key }) => key.id));
        return result;
      },
    };
    await using room = startRoom(undefined, { store });

    const response = await room.post(path, { model: "crew", ...user("Hi"), ...c1, stream: true });
    let stream = "";
    const decoder = new TextDecoder();
    const writtenAtEnd: number[] = [];
    for await (const bytes of response.body ?? []) {
      stream += decoder.decode(bytes, { stream: true });
      if (stream.includes('"finish_reason":"stop"')) writtenAtEnd.push(written.length);
    }

    expect(writtenAtEnd[0]).toBe(1);
  });

  test("for which too many wait is refused", async () => {
    const gate = Promise.withResolvers<void>();
    await using room = startRoom((request, call) =>
      call === 0 ? [gate.promise, ...counted(request)] : counted(request),
    );
    const first = ask(room, "Hi", c1);
    await room.agent.firstCall;
    const outcomes = Array.from({ length: 20 }, () =>
      room.post(path, { model: "crew", ...user("Hi"), ...c1 }),
    );

    const refused = await Promise.race(outcomes);
    gate.resolve();
    const statuses = await Promise.all(outcomes.map(async (each) => (await each).status));

    expect(refused.status).toBe(429);
    expect(await refused.json()).toMatchObject({ error: { code: "conversation_busy", type: "requests" } });
    expect(statuses.filter((status) => status === 429)).toHaveLength(4);
    await first;
  });

  test("of a stream is waited for with signs of life", async () => {
    const gate = Promise.withResolvers<void>();
    await using room = startRoom(
      (request, call) => (call === 0 ? [gate.promise, ...counted(request)] : counted(request)),
      { headStartMs: 10, keepAliveMs: 10 },
    );
    const first = ask(room, "One", c1);
    await room.agent.firstCall;

    const response = await room.post(path, { ...user("Two"), ...c1, stream: true });
    let stream = "";
    const decoder = new TextDecoder();
    for await (const bytes of response.body ?? []) {
      stream += decoder.decode(bytes, { stream: true });
      if (stream.includes(": keep-alive")) gate.resolve();
    }
    await first;

    const chunks = jsonFrames<Chunk>(stream.replaceAll(": keep-alive\n\n", ""));
    expect(response.headers.get("x-conversation-id")).toBe("c1");
    expect(stream.indexOf("role")).toBeLessThan(stream.indexOf(": keep-alive"));
    expect(chatText(chunks)).toBe("3");
    expect(chunks.map(({ conversation_id: id }) => id)).toEqual(["c1", undefined, "c1"]);
    expect(chunks.map(({ model }) => model)).toEqual(["crew", "crew", "crew"]);
    expect((await messagesOf(room.store)).map(textOf)).toEqual(["One", "1", "Two", "3"]);
  });

  for (const [how, headStartMs, status] of [
    ["while the stream has not begun is a status", 60_000, 413],
    ["once the stream has begun is an error in it", 10, 200],
  ] as const) {
    test(`that is refused ${how}`, async () => {
      const gate = Promise.withResolvers<void>();
      await using room = startRoom(
        (request, call) => (call === 0 ? [gate.promise, ...counted(request)] : counted(request)),
        { headStartMs, conversationLimits: { maxBytes: 1_000 } },
      );
      const first = ask(room, "One", c1);
      await room.agent.firstCall;

      const refused = room.post(path, { ...user("x".repeat(1_001)), ...c1, stream: true });
      if (status === 200) await refused;
      gate.resolve();
      const response = await refused;

      expect(response.status).toBe(status);
      expect(await response.text()).toContain('"code":"conversation_too_large"');
      expect(await ask(room, "Three", c1)).toMatchObject({ choices: [{ message: { content: "3" } }] });
      await first;
    });
  }

  test("of a request that is refused is over at once", async () => {
    await using room = startRoom();

    const refused = await room.post(path, {
      model: "crew",
      ...user("Hi"),
      ...c1,
      logprobs: true,
      top_logprobs: 30,
    });
    const unknown = await room.post(path, { model: "nobody", ...user("Hi"), ...c1 });
    const next = await room.post(path, { model: "crew", ...user("Hi"), ...c1 });

    expect([refused.status, unknown.status, next.status]).toEqual([400, 404, 200]);
  });
});

describe("metadata of an agent", () => {
  const fields = { agents_used: ["researcher"], iterations: 2, note: "a\u2028b" };
  const script: readonly Step[] = [
    [{ type: "metadata", fields: { iterations: 1 } }, text("Hi")],
    [{ type: "metadata", fields }, finish()],
    [usage(1, 1)],
  ];

  test("is on the answer", async () => {
    await using room = startRoom(script);

    expect(await ask(room, "Hi")).toMatchObject({ metadata: fields });
  });

  for (const include_usage of [false, true]) {
    test(`is on the last chunk of the choice and of the stream, with usage ${include_usage}`, async () => {
      await using room = startRoom(script);

      const response = await room.post(path, {
        model: "crew",
        ...user("Hi"),
        stream: true,
        stream_options: { include_usage },
      });
      const stream = await response.text();
      const chunks = jsonFrames<Chunk>(stream);

      const last = include_usage ? [fields, fields] : [fields];
      expect(chunks.map(({ metadata }) => metadata)).toEqual([undefined, undefined, ...last]);
      expect(stream).not.toContain("\u2028");
    });
  }
});

test("whether an agent tells its steps is for the agent", async () => {
  await using room = startRoom();

  const response = await room.post(path, { model: "crew", ...user("Hi"), include_steps: true });

  expect({ ...room.agent.seen[0]?.extra }).toEqual({ include_steps: true });
  // The scripted agent does not say that it takes it.
  expect(response.headers.get("x-oai-serve-ignored-params")).toBe("include_steps");
});

test("a hundred conversations at once are kept apart", async () => {
  await using room = startRoom((request) => [[text(`heard ${textsOf(request).at(-1)}`)], [finish()]]);
  const ids = Array.from({ length: 100 }, (_, index) => `c${index}`);

  await Promise.all(
    ids.flatMap((id) =>
      ["one", "two", "three"].map((turn) => ask(room, `${id} ${turn}`, { conversation_id: id })),
    ),
  );

  for (const id of ids) {
    const messages = await messagesOf(room.store, id);
    const texts = messages.map(textOf);
    expect(texts.filter((_, at) => at % 2 === 0).toSorted()).toEqual([
      `${id} one`,
      `${id} three`,
      `${id} two`,
    ]);
    expect(texts.filter((_, at) => at % 2 === 1)).toEqual(
      texts.filter((_, at) => at % 2 === 0).map((question) => `heard user:${question}`),
    );
  }
});

function system(content: string): { role: string; content: string }[] {
  return [{ role: "system", content }];
}

async function down(): Promise<never> {
  throw storeUnavailable("disk");
}
