import { expect, test } from "bun:test";
import { type Asked, type AskModel, openTurn, type Turn } from "../../../src/api/chat/turn.ts";
import { createConversations } from "../../../src/api/common/conversation/conversations.ts";
import { conversationKey } from "../../../src/api/common/conversation/layout.ts";
import { recordAnswer } from "../../../src/api/common/record-answer.ts";
import { ServeError } from "../../../src/core/error.ts";
import type { EventBatch } from "../../../src/core/generation.ts";
import { createStore } from "../../../src/store/create-store.ts";
import { callContext, memoryLog, textRequest } from "../../support/calls.ts";
import { finish, text } from "../../support/events.ts";
import { failureOf } from "../../support/failure.ts";

const generate: AskModel = async (request) => ({
  model: "crew",
  ignored: ["seed"],
  assumed: [],
  requests: [request],
  promptTokens: async () => 1,
  events: (async function* () {
    yield [text("Hello"), finish()];
  })(),
});

function recorded({ keepers, close }: Turn, { events }: Asked): AsyncIterable<EventBatch> {
  return recordAnswer(events, { choices: 1, usage: false, keepers, close });
}

function createRoom() {
  const store = createStore("memory:", memoryLog()).records;
  const conversations = createConversations({
    store,
    limits: { maxMessages: 100, maxBytes: 10_000 },
    countTokens: async (messages) => messages.map(() => 1),
    agentOf: async () => "crew",
    log: memoryLog(),
  });
  const open = (signal = new AbortController().signal, model = "") =>
    openTurn(
      textRequest({ model }),
      { body: { messages: [], conversation_id: "c1" }, headers: new Headers() },
      { conversations, call: callContext(signal) },
    );
  return { store, open };
}

test("a turn that comes soon leaves the rest of its head start to the first event", async () => {
  const { open } = createRoom();
  const turn = await open();

  const asked = await turn.ask(generate, 60_000);

  expect(asked).toMatchObject({ model: "crew", ignored: ["seed"] });
  expect(asked.headStartMs).toBeGreaterThan(0);
  expect(asked.headStartMs).toBeLessThanOrEqual(60_000);
});

test("a turn that does not come within its head start is waited for by whoever reads the events", async () => {
  const { store, open } = createRoom();
  const first = await open();
  const firstAsked = await first.ask(generate, 60_000);
  const second = await open(undefined, "an-alias");

  const asked = await second.ask(generate, 1);
  await Array.fromAsync(recorded(first, firstAsked));
  const batches = await Array.fromAsync(recorded(second, asked));

  expect(asked).toMatchObject({ model: "an-alias", headStartMs: 0 });
  expect(batches.flat()).toEqual([text("Hello"), finish()]);
  expect(await store.read(conversationKey("", "c1"))).toMatchObject({ version: 2 });
});

test("a client that leaves while it waits holds nobody up", async () => {
  const { open } = createRoom();
  const first = await open();
  await first.ask(generate, 60_000);
  const client = new AbortController();
  const second = await open(client.signal);
  const { events } = await second.ask(generate, 1);
  const reading = failureOf(Array.fromAsync(events));
  const third = await open();
  const answer = third.ask(generate, 60_000);

  client.abort(new ServeError("canceled", "The client closed the connection."));
  first.close();

  expect(await reading).toMatchObject({ kind: "canceled" });
  expect(await answer).toMatchObject({ model: "crew" });
});

test("a turn whose events nobody reads ends with its client", async () => {
  const { open } = createRoom();
  const first = await open();
  await first.ask(generate, 60_000);
  const client = new AbortController();
  const second = await open(client.signal);
  await second.ask(generate, 1);
  first.close();

  client.abort(new ServeError("canceled", "The client closed the connection."));
  const third = await open();

  expect(await third.ask(generate, 60_000)).toMatchObject({ model: "crew" });
});
