import { describe, expect, test } from "bun:test";
import type { Change } from "../../../src/store/records.ts";
import { hour, keyOf, put, type Start, texts } from "./bed.ts";

export function describeWriting(start: Start): void {
  describe("records", () => {
    test("what was never written is not there", async () => {
      const { records } = await start();

      expect(await records.head(keyOf("a"))).toBeUndefined();
      expect(await records.read(keyOf("a"))).toBeUndefined();
      expect(await records.entries(keyOf("a"), { order: "asc", limit: 10 })).toBeUndefined();
      expect(await records.chain(keyOf("a"), 10)).toBeUndefined();
      expect(await records.findEntry(["response"], "", "a")).toBeUndefined();
      expect(await records.claim("response", { leaseMs: 1, limit: 10 })).toEqual([]);
      expect(await records.list({ collection: "response", owner: "", order: "asc", limit: 10 })).toEqual({
        items: [],
        hasMore: false,
      });
    });

    test("what was written is read as it was", async () => {
      const { records } = await start();
      const key = keyOf("a");
      const before = Date.now() - 1_000;

      const result = await records.write([
        put(key, {
          text: "head",
          labels: { model: "m", "a b": "é" },
          parent: "p",
          append: [{ id: "e1", text: "one" }, { text: "two" }],
        }),
      ]);

      expect(result).toEqual({ kind: "written", versions: [1] });
      const whole = await records.read(key);
      expect(whole).toEqual({
        key,
        version: 1,
        createdAt: expect.any(Number),
        updatedAt: expect.any(Number),
        parent: "p",
        labels: { model: "m", "a b": "é" },
        text: "head",
        entries: 2,
        list: [
          { id: "e1", text: "one", position: 0 },
          { text: "two", position: 1 },
        ],
      });
      expect(whole?.createdAt).toBeGreaterThan(before);
      expect(whole).toMatchObject({ ...(await records.head(key)) });
    });

    test("what a change leaves out stays as it is, and the rest is replaced", async () => {
      const { records, advance } = await start();
      const key = keyOf("a");
      await records.write([
        put(key, { text: "head", labels: { a: "1" }, parent: "p", dueInMs: hour, expireInMs: hour }),
      ]);
      const first = await records.head(key);
      await advance(1_000);

      await records.write([put(key, { expectedVersion: 1, append: texts("one") })]);
      const second = await records.head(key);
      await records.write([
        put(key, {
          expectedVersion: 2,
          text: "new",
          labels: { b: "2" },
          parent: "q",
          dueInMs: null,
          expireInMs: null,
        }),
      ]);
      const third = await records.head(key);

      expect(second).toMatchObject({
        version: 2,
        text: "head",
        labels: { a: "1" },
        parent: "p",
        entries: 1,
      });
      expect(second).toMatchObject({ dueAt: first?.dueAt, expiresAt: first?.expiresAt });
      expect(second?.createdAt === first?.createdAt).toBe(true);
      expect(second?.updatedAt).toBeGreaterThanOrEqual((first?.updatedAt ?? 0) + 1_000);
      expect(third).toMatchObject({ version: 3, text: "new", labels: { b: "2" }, parent: "q", entries: 1 });
      expect(third).not.toHaveProperty("dueAt");
      expect(third).not.toHaveProperty("expiresAt");
    });

    test("a write keeps the first entries and replaces the rest, whose places are not used again", async () => {
      const { records } = await start();
      const key = keyOf("a");
      await records.write([put(key, { append: texts("0", "1", "2", "3") })]);

      await records.write([put(key, { expectedVersion: 1, keep: 2, append: texts("new") })]);

      expect((await records.read(key))?.list).toEqual([
        { text: "0", position: 0 },
        { text: "1", position: 1 },
        { text: "new", position: 4 },
      ]);
    });

    test("an entry is removed at its place", async () => {
      const { records } = await start();
      const key = keyOf("a");
      await records.write([put(key, { append: texts("0", "1", "2") })]);

      expect(await records.write([{ kind: "remove-entry", key, expectedVersion: 1, position: 1 }])).toEqual({
        kind: "written",
        versions: [2],
      });
      await records.write([put(key, { expectedVersion: 2, keep: 1, append: texts("3") })]);

      expect(await records.read(key)).toMatchObject({
        version: 3,
        entries: 2,
        list: [
          { text: "0", position: 0 },
          { text: "3", position: 3 },
        ],
      });
    });

    test("a deleted record is gone with its entries, and begins anew", async () => {
      const { records } = await start();
      const key = keyOf("a");
      await records.write([put(key, { append: [{ id: "e", text: "old" }] })]);

      expect(await records.write([{ kind: "delete", key }])).toEqual({ kind: "written", versions: [0] });
      expect(await records.read(key)).toBeUndefined();
      expect(await records.findEntry(["response"], "", "e")).toBeUndefined();
      expect(await records.write([put(key, { append: texts("new") })])).toMatchObject({ versions: [1] });
      expect((await records.read(key))?.list).toEqual([{ text: "new", position: 0 }]);
    });
  });

  describe("versions", () => {
    const key = keyOf("a");
    const conflicts: readonly [what: string, change: Change][] = [
      ["an older version", put(key, { expectedVersion: 1, text: "x" })],
      ["a later version", put(key, { expectedVersion: 3, text: "x" })],
      ["no record", put(key, { text: "x" })],
      ["more entries than there are", put(key, { expectedVersion: 2, keep: 5 })],
      ["another version where an entry goes", { kind: "remove-entry", key, expectedVersion: 1, position: 0 }],
      ["an entry that is not there", { kind: "remove-entry", key, expectedVersion: 2, position: 7 }],
      ["another version where it goes", { kind: "delete", key, expectedVersion: 1 }],
      ["a record that is not there", put(keyOf("b"), { expectedVersion: 1 })],
      [
        "a record that is not there, and an entry",
        { kind: "remove-entry", key: keyOf("b"), expectedVersion: 0, position: 0 },
      ],
      ["a record to delete that is not there", { kind: "delete", key: keyOf("b") }],
      ["a record to delete that is another owner's", { kind: "delete", key: keyOf("a", "other") }],
      ["a record to delete of another collection", { kind: "delete", key: keyOf("a", "", "completion") }],
    ];
    for (const [what, change] of conflicts) {
      test(`a write that expects ${what} writes nothing, also of what comes with it`, async () => {
        const { records } = await start();
        await records.write([put(key, { text: "1", append: texts("e") })]);
        await records.write([put(key, { expectedVersion: 1, text: "2" })]);
        const before = await records.read(key);

        expect(await records.write([change])).toEqual({ kind: "conflict", change: 0 });
        expect(await records.write([put(keyOf("c")), change, put(keyOf("d"))])).toEqual({
          kind: "conflict",
          change: 1,
        });
        expect({ after: await records.read(key) }).toEqual({ after: before });
        expect(await records.head(keyOf("b"))).toBeUndefined();
        expect(await records.head(keyOf("c"))).toBeUndefined();
        expect(await records.head(keyOf("d"))).toBeUndefined();
      });
    }

    test("of writes that expect the same version, one is done", async () => {
      const { records } = await start();

      const results = await Promise.all(
        Array.from({ length: 20 }, (_, index) => records.write([put(key, { append: texts(String(index)) })])),
      );

      expect(results.filter(({ kind }) => kind === "written")).toHaveLength(1);
      expect((await records.read(key))?.list).toHaveLength(1);
    });

    test("several changes are written as one, each after those before it", async () => {
      const { records } = await start();
      await records.write([put(keyOf("gone"))]);

      const result = await records.write([
        put(keyOf("a"), { append: texts("0", "1") }),
        put(keyOf("a"), { expectedVersion: 1, append: texts("2") }),
        { kind: "remove-entry", key: keyOf("a"), expectedVersion: 2, position: 0 },
        put(keyOf("conv", "", "conversation"), { text: "x" }),
        { kind: "delete", key: keyOf("gone") },
      ]);

      expect(result).toEqual({ kind: "written", versions: [1, 2, 3, 1, 0] });
      expect((await records.read(keyOf("a")))?.list.map(({ text }) => text)).toEqual(["1", "2"]);
      expect(await records.head(keyOf("gone"))).toBeUndefined();
    });

    test("records of one id belong to their owners and collections", async () => {
      const { records } = await start();
      const keys = [keyOf("a"), keyOf("a", "other"), keyOf("a", "", "completion")];
      for (const [index, each] of keys.entries()) {
        await records.write([put(each, { text: String(index), append: [{ id: "e", text: String(index) }] })]);
      }

      for (const [index, each] of keys.entries()) {
        expect((await records.read(each))?.text).toBe(String(index));
        expect(await records.findEntry([each.collection], each.owner, "e")).toMatchObject({ key: each });
      }
      await records.write([{ kind: "delete", key: keyOf("a", "other") }]);
      expect(await records.head(keyOf("a"))).toBeDefined();
      expect(await records.head(keyOf("a", "", "completion"))).toBeDefined();
    });
  });
}
