import { afterEach, describe, expect, test } from "bun:test";
import * as fc from "fast-check";
import type { Message } from "../../src/core/generation.ts";
import type { StoreOptions } from "../../src/store/options.ts";
import { failureOf } from "../support/failure.ts";
import type { ConversationKey, ConversationStore, ConversationWrite, Store } from "../../src/store/store.ts";

const key: ConversationKey = { owner: "", id: "conv_1" };
const hour = 3_600_000;

export function says(role: Message["role"], text: string): Message {
  return { role, content: [{ type: "text", text }] };
}

const question = says("user", "What is it?");
const answer = says("assistant", "It is this.");

/** What every store keeps to. `open` gives a fresh and empty one. */
export function describeStore(name: string, open: (options: Partial<StoreOptions>) => Store): void {
  describe(name, () => {
    const stores: Store[] = [];
    const start = (options: Partial<StoreOptions> = {}) => {
      const store = open(options);
      stores.push(store);
      return store.conversations;
    };
    afterEach(async () => {
      for (const store of stores.splice(0)) await store.close();
    });
    test("what was never written is not there", async () => {
      const conversations = start();

      expect(await conversations.read(key)).toBeUndefined();
      expect(await conversations.delete(key)).toBe(false);
      expect(await conversations.list({ limit: 10, offset: 0 })).toEqual([]);
    });

    test("what was written is read, and each write counts the version up", async () => {
      const conversations = start();

      expect(await write(conversations)).toBe(1);
      expect(await write(conversations, { keep: 1, append: [answer], expectedVersion: 1 })).toBe(2);

      expect(await conversations.read(key)).toEqual({ messages: [question, answer], version: 2 });
    });

    test("a write keeps the first messages and replaces the rest", async () => {
      const conversations = start();
      await write(conversations, {
        append: [question, answer, says("user", "Old?"), says("assistant", "Old.")],
      });

      await write(conversations, { keep: 2, append: [says("user", "New?")], expectedVersion: 1 });

      expect((await conversations.read(key))?.messages).toEqual([question, answer, says("user", "New?")]);
    });

    test("a write that appends nothing shortens", async () => {
      const conversations = start();
      await write(conversations, { append: [question, answer] });

      await write(conversations, { keep: 1, append: [], expectedVersion: 1 });

      expect((await conversations.read(key))?.messages).toEqual([question]);
    });

    for (const [what, expectedVersion, keep] of [
      ["an older version", 1, 1],
      ["a later version", 3, 1],
      ["no conversation", 0, 0],
      ["more messages than there are", 2, 5],
    ] as const) {
      test(`a write that expects ${what} writes nothing`, async () => {
        const conversations = start();
        await write(conversations);
        await write(conversations, { keep: 1, append: [answer], expectedVersion: 1 });

        expect(
          await write(conversations, { keep, append: [says("user", "x")], expectedVersion }),
        ).toBeUndefined();
        expect(await conversations.read(key)).toEqual({ messages: [question, answer], version: 2 });
      });
    }

    test("of writes that expect the same version, one is done", async () => {
      const conversations = start();

      const versions = await Promise.all(
        Array.from({ length: 20 }, (_, index) =>
          write(conversations, { append: [says("user", String(index))] }),
        ),
      );

      expect(versions.filter((version) => version !== undefined)).toEqual([1]);
      expect((await conversations.read(key))?.messages).toHaveLength(1);
    });

    test("conversations of one id belong to their owners", async () => {
      const conversations = start();
      const other = { owner: "other", id: key.id };
      await write(conversations);

      await write(conversations, { key: other, append: [answer] });

      expect((await conversations.read(key))?.messages).toEqual([question]);
      expect((await conversations.read(other))?.messages).toEqual([answer]);
      expect(await conversations.delete(other)).toBe(true);
      expect(await conversations.read(key)).toBeDefined();
      expect(await conversations.read(other)).toBeUndefined();
    });

    test("a list has the newest first, of all owners or of one, in pages", async () => {
      let now = 1_000;
      const conversations = start({ now: () => now });
      for (const [owner, id] of [
        ["a", "1"],
        ["b", "2"],
        ["a", "3"],
      ] as const) {
        now += 10;
        await write(conversations, { key: { owner, id }, model: `m${id}` });
      }
      now += 10;
      await write(conversations, {
        key: { owner: "a", id: "1" },
        model: "later",
        keep: 1,
        append: [answer],
        expectedVersion: 1,
      });

      expect(await conversations.list({ limit: 10, offset: 0 })).toEqual([
        { owner: "a", id: "1", model: "later", messages: 2, createdAt: 1_010, updatedAt: 1_040 },
        { owner: "a", id: "3", model: "m3", messages: 1, createdAt: 1_030, updatedAt: 1_030 },
        { owner: "b", id: "2", model: "m2", messages: 1, createdAt: 1_020, updatedAt: 1_020 },
      ]);
      expect(await conversations.list({ limit: 1, offset: 1 })).toMatchObject([{ id: "3" }]);
      expect(await conversations.list({ owner: "a", limit: 10, offset: 0 })).toMatchObject([
        { id: "1" },
        { id: "3" },
      ]);
      expect(await conversations.list({ owner: "", limit: 10, offset: 0 })).toEqual([]);
    });

    test("a deleted conversation begins anew", async () => {
      const conversations = start();
      await write(conversations);

      expect(await conversations.delete(key)).toBe(true);
      expect(await conversations.delete(key)).toBe(false);
      expect(await write(conversations, { append: [answer] })).toBe(1);
      expect(await conversations.read(key)).toEqual({ messages: [answer], version: 1 });
    });

    test("a conversation expires some time after its last write", async () => {
      let now = 0;
      const conversations = start({ now: () => now, expireMs: () => hour });
      await write(conversations);
      now = hour;
      await write(conversations, { keep: 1, append: [answer], expectedVersion: 1 });

      now = 2 * hour;
      expect((await conversations.read(key))?.messages).toHaveLength(2);
      now = 2 * hour + 1;
      expect(await conversations.read(key)).toBeUndefined();
      expect(await conversations.list({ limit: 10, offset: 0 })).toEqual([]);
      expect(await conversations.delete(key)).toBe(false);
      expect(await write(conversations, { append: [answer] })).toBe(1);
      expect((await conversations.read(key))?.messages).toEqual([answer]);
    });

    test("an owner's oldest conversations go when there are too many; other owners' stay", async () => {
      let now = 0;
      const conversations = start({ now: () => ++now, maxPerOwner: 3 });
      await write(conversations, { key: { owner: "other", id: "x" } });
      for (const id of ["1", "2", "3"]) await write(conversations, { key: { owner: "", id } });
      await write(conversations, { key: { owner: "", id: "1" }, expectedVersion: 1 });

      await write(conversations, { key: { owner: "", id: "4" } });

      const left = await conversations.list({ limit: 10, offset: 0 });
      expect(left.map(({ id }) => id)).toEqual(["4", "1", "3", "x"]);
    });

    test("the oldest go when all together are too large, of the owner who has most", async () => {
      let now = 0;
      const conversations = start({ now: () => ++now, maxTotalBytes: () => 10_000 });
      const put = (owner: string, id: string, length: number, more: Partial<ConversationWrite> = {}) =>
        write(conversations, { key: { owner, id }, append: [says("user", "é".repeat(length / 2))], ...more });
      const ids = async () =>
        (await conversations.list({ limit: 10, offset: 0 })).map(({ owner, id }) => owner + id);

      await put("a", "1", 1_800);
      for (const id of ["1", "2", "3"]) await put("b", id, 1_800);
      expect(await ids()).toEqual(["b3", "b2", "b1", "a1"]);
      await put("b", "4", 1_800);
      expect(await ids()).toEqual(["b4", "b3", "b2", "a1"]);
      await put("a", "1", 1_500, { keep: 1, expectedVersion: 1 });
      expect(await ids()).toEqual(["a1", "b4", "b3"]);
      await put("a", "1", 3_000, { keep: 2, expectedVersion: 2 });

      expect(await ids()).toEqual(["a1", "b4"]);
      expect((await conversations.read({ owner: "a", id: "1" }))?.messages).toHaveLength(3);
    });

    test("what is cut off or deleted makes room again", async () => {
      const conversations = start({ maxTotalBytes: () => 10_000 });
      const put = (id: string, length: number, more: Partial<ConversationWrite> = {}) =>
        write(conversations, { key: { owner: "", id }, append: [says("user", "x".repeat(length))], ...more });
      await put("stays", 1_000);
      await put("cut", 7_000);
      await put("cut", 100, { keep: 0, expectedVersion: 1 });
      await put("deleted", 7_000);
      await conversations.delete({ owner: "", id: "deleted" });

      await put("last", 7_000);

      const left = await conversations.list({ limit: 10, offset: 0 });
      expect(left.map(({ id }) => id).toSorted()).toEqual(["cut", "last", "stays"]);
    });

    test("a conversation that is larger than all may be is refused, and takes nobody's place", async () => {
      const conversations = start({ maxTotalBytes: () => 4_000 });
      await write(conversations);

      const failure = await failureOf(
        write(conversations, { keep: 1, append: [says("user", "x".repeat(4_000))], expectedVersion: 1 }),
      );

      expect(failure).toMatchObject({ kind: "unavailable", code: "store_unavailable" });
      expect(await conversations.read(key)).toEqual({ messages: [question], version: 1 });
    });

    test("every message comes back as it was", async () => {
      const conversations = start();
      const text = fc.string({
        unit: fc.oneof(fc.constantFrom("\0", "\ud800", "\u2028", "é", "'", '"'), fc.string()),
      });
      const message: fc.Arbitrary<Message> = fc.record({
        role: fc.constantFrom("system", "developer", "user", "assistant", "tool"),
        content: fc.array(
          fc.oneof(
            fc.record({ type: fc.constant("text"), text }),
            fc.record({ type: fc.constant("refusal"), text }),
            fc.record({ type: fc.constant("image"), url: text }),
            fc.record({ type: fc.constant("audio"), base64: text, format: text }),
          ),
        ),
      });
      let count = 0;

      await fc.assert(
        fc.asyncProperty(fc.array(message, { maxLength: 5 }), async (messages) => {
          const one = { owner: "é'\"", id: String(count++) };
          await write(conversations, { key: one, append: messages });

          expect((await conversations.read(one))?.messages).toEqual(messages);
        }),
        { numRuns: 50 },
      );
    });

    test("what was read cannot be changed from outside", async () => {
      const conversations = start();
      const append = [{ ...question, content: [{ type: "text" as const, text: "kept" }] }];
      await write(conversations, { append });

      const [part] = append[0]?.content ?? [];
      if (part !== undefined) part.text = "changed";

      expect((await conversations.read(key))?.messages).toEqual([says("user", "kept")]);
    });

    test("after it was closed, a store gives and takes nothing", async () => {
      const store = open({});
      await write(store.conversations);
      await store.close();
      await store.close();

      const outcome = await store.conversations.read(key).catch((error: unknown) => error);
      expect(outcome === undefined || outcome instanceof Error).toBe(true);
    });
  });
}

function write(
  conversations: ConversationStore,
  more: Partial<ConversationWrite> = {},
): Promise<number | undefined> {
  return conversations.write({ key, model: "m", keep: 0, append: [question], expectedVersion: 0, ...more });
}
