import { beforeEach, describe, expect, test } from "bun:test";
import { conversationKey } from "../../src/api/common/conversation/layout.ts";
import { readSaid } from "../../src/api/common/conversation/transcript.ts";
import { toEntries } from "../../src/api/common/items/entries.ts";
import { fromMessages } from "../../src/api/common/items/from-messages.ts";
import { type CommandOutcome, runConversations } from "../../src/cli/conversations.ts";
import type { Message } from "../../src/core/generation.ts";
import { createStore } from "../../src/store/create-store.ts";
import type { StoreLocation } from "../../src/store/location.ts";
import type { RecordKey, RecordStore } from "../../src/store/records.ts";
import { memoryLog } from "../support/calls.ts";

function says(role: Message["role"], text: string): Message {
  return { role, content: [{ type: "text", text }] };
}

let store: RecordStore;
let now: number;

/** The command only looks whether it is there. */
const location = { kind: "sqlite", path: import.meta.path, durability: "normal" } as const;

beforeEach(() => {
  now = Date.UTC(2025, 10, 20, 12);
  store = createStore("memory:", memoryLog(), { now: () => now }).records;
});

function run(args: readonly string[], where: StoreLocation = location): Promise<CommandOutcome> {
  return runConversations({ store, read: readSaid, location: where, args });
}

async function keysLeft(): Promise<readonly RecordKey[]> {
  const page = await store.list({ collection: "conversation", order: "desc", limit: 9 });
  return (page?.items ?? []).map(({ key }) => key);
}

async function put(id: string, owner = "", append: readonly Message[] = [says("user", "Hi")]): Promise<void> {
  now += 1_000;
  const key = conversationKey(owner, id);
  const entries = await toEntries(fromMessages(append));
  await store.write([{ kind: "put", key, expectedVersion: 0, labels: { model: "crew" }, append: entries }]);
}

test("a list has one line for each, the newest first", async () => {
  await put("c1");
  await put("c2", "0123456789abcdef", [says("user", "Hi"), says("assistant", "Hello")]);

  expect(await run(["list"])).toEqual({
    lines: [
      "2025-11-20T12:00:02Z  0123456789abcdef/c2  crew  items=2",
      "2025-11-20T12:00:01Z  c1  crew  items=1",
    ],
    ok: true,
  });
});

test("a list of more than one page is whole", async () => {
  for (let index = 0; index < 1_001; index++) await put(`c${index}`);

  const { lines } = await run(["list"]);

  expect(new Set(lines).size).toBe(1_001);
});

test("an empty list says so", async () => {
  expect(await run(["list"])).toEqual({
    lines: ["There are no conversations."],
    ok: true,
  });
});

for (const args of [["list"], ["show", "c1"], ["delete", "c1"]]) {
  test(`of a store in memory, ${args[0]} says that the running server has it`, async () => {
    const { lines, ok } = await run(args, { kind: "memory" });

    expect(lines).toEqual([expect.stringContaining("belong to the running server")]);
    expect(ok).toBe(false);
  });
}

test("a conversation is shown message by message, and drives no terminal", async () => {
  await put("c1", "", [
    says("user", "One\nTwo\u001b[2J"),
    {
      role: "assistant",
      content: [],
      toolCalls: [{ id: "call_1", kind: "function", name: "f", arguments: '{"a":1}' }],
    },
    { role: "tool", content: [{ type: "text", text: "42" }], toolCallId: "call_1" },
    { role: "user", content: [{ type: "image", url: "data:" }] },
    { role: "assistant", content: [] },
  ]);

  expect(await run(["show", "c1"])).toEqual({
    lines: [
      "user: One",
      "  Two\\u001b[2J",
      'assistant: 🔧 f({"a":1}) call_1',
      "tool call_1: 42",
      "user: (image)",
      "assistant:",
    ],
    ok: true,
  });
});

test("a deleted conversation is gone, others are not", async () => {
  await put("c1");
  await put("c2");

  const first = await run(["delete", "c1"]);
  const second = await run(["delete", "c1"]);

  expect(first).toEqual({ lines: ["✓ Deleted c1"], ok: true });
  expect(second).toEqual({ lines: ["There is no conversation 'c1'."], ok: false });
  expect(await keysLeft()).toMatchObject([{ id: "c2" }]);
});

test("an id of several owners has to be named in full", async () => {
  await put("c1", "a");
  await put("c1", "b");

  const short = await run(["delete", "c1"]);
  const full = await run(["delete", "a/c1"]);

  expect(short).toEqual({ lines: ["Several owners have it. Name one of:", "b/c1", "a/c1"], ok: false });
  expect(full.ok).toBe(true);
  expect(await keysLeft()).toMatchObject([{ owner: "b" }]);
});

describe("a command that means nothing shows how it is used", () => {
  for (const args of [[], ["show"], ["list", "x"], ["delete"], ["drop", "c1"], ["show", "a", "b"]]) {
    test(JSON.stringify(args), async () => {
      const { lines, ok } = await run(args);

      expect(ok).toBe(false);
      expect(lines).toEqual([expect.stringContaining("Usage:")]);
    });
  }
});
