import { heapStats } from "bun:jsc";
import { expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  type Conversations,
  createConversations,
} from "../../../../src/api/common/conversation/conversations.ts";
import { recordAnswer } from "../../../../src/api/common/record-answer.ts";
import type { EventBatch } from "../../../../src/core/generation.ts";
import { createStore } from "../../../../src/store/create-store.ts";
import { callContext, memoryLog } from "../../../support/calls.ts";
import { finish, text } from "../../../support/events.ts";

const idle = 1_000;
/** What one conversation would leave behind if it were kept in memory is about four times as much. */
const maxBytesEach = 512;

test("a thousand idle conversations take no memory", async () => {
  const directory = mkdtempSync(join(tmpdir(), "oai-serve-idle-"));
  const store = createStore(`sqlite:${join(directory, "store.db")}`, memoryLog());
  const conversations = createConversations({
    store: store.records,
    limits: { maxMessages: 1_000, maxBytes: 1_048_576 },
    countTokens: async (messages) => messages.map(() => 1),
    agentOf: async () => "m",
    log: memoryLog(),
  });
  await converse(conversations, "warm");
  const before = heapBytes();

  await converse(conversations, "cold");

  const left = heapBytes() - before;
  expect(left / idle).toBeLessThan(maxBytesEach);
  const kept = await store.records.list({ collection: "conversation", order: "asc", limit: 1_000 });
  expect(kept).toMatchObject({ items: { length: 1_000 }, hasMore: true });
  await store.close();
  rmSync(directory, { recursive: true });
});

async function converse(conversations: Conversations, name: string): Promise<void> {
  for (let start = 0; start < idle; start += 100) {
    await Promise.all(
      Array.from({ length: 100 }, async (_, index) => {
        const open = await conversations.open(
          {
            model: "m",
            messages: [{ role: "user", content: [{ type: "text", text: "x".repeat(2_000) }] }],
            given: { id: `${name}-${start + index}`, param: "conversation_id" },
          },
          callContext(),
        );
        await open?.messages();
        if (open === undefined) return;
        const { keeper, close } = open;
        await Array.fromAsync(recordAnswer(answer(), { choices: 1, usage: false, keepers: [keeper], close }));
      }),
    );
  }
}

async function* answer(): AsyncGenerator<EventBatch> {
  yield [text("y".repeat(500))];
  yield [finish()];
}

function heapBytes(): number {
  Bun.gc(true);
  return heapStats().heapSize;
}
