import { describe, expect, test } from "bun:test";
import { hour, idsOf, keyOf, named, put, second, type Start } from "./bed.ts";

export function describeLasting(start: Start): void {
  describe("lasting", () => {
    test("a record is there until so long after its last write, and then for no method any more", async () => {
      const { records, advance } = await start({ expireMs: () => hour });
      const key = keyOf("a");
      await records.write([put(key, { text: "x", append: named("e", "x"), labels: { a: "b" } })]);
      await advance(hour - 5 * second);
      await records.write([put(key, { expectedVersion: 1, dueInMs: 0 })]);
      await records.write([put(keyOf("child"), { parent: "a" })]);

      await advance(hour - 5 * second);
      expect(await records.head(key)).toMatchObject({ version: 2 });
      await records.write([put(keyOf("child"), { expectedVersion: 1 })]);
      await advance(10 * second);

      expect(await records.head(key)).toBeUndefined();
      expect(await records.read(key)).toBeUndefined();
      expect(await records.chain(key, 9)).toBeUndefined();
      expect((await records.chain(keyOf("child"), 9))?.map((record) => record.key.id)).toEqual(["child"]);
      expect(await records.entries(key, { order: "asc", limit: 9 })).toBeUndefined();
      expect(await records.findEntry(["response"], "", "e")).toBeUndefined();
      expect(await idsOf(records)).toEqual(["child"]);
      const list = { collection: "response", owner: "", order: "asc", limit: 9 } as const;
      expect(await records.list({ ...list, labels: { a: "b" } })).toMatchObject({ items: [] });
      expect(await records.list({ ...list, after: "a" })).toBeUndefined();
      expect(await records.claim("response", { leaseMs: second, limit: 9 })).toEqual([]);
    });

    test("in place of an expired record another begins", async () => {
      const { records, advance } = await start({ expireMs: () => hour });
      const key = keyOf("a");
      await records.write([put(key, { text: "old", append: named("e", "old"), labels: { a: "b" } })]);
      await advance(hour + second);

      expect(await records.write([put(key, { expectedVersion: 1 })])).toEqual({
        kind: "conflict",
        change: 0,
      });
      expect(await records.write([{ kind: "delete", key }])).toEqual({ kind: "conflict", change: 0 });
      expect(await records.write([put(key, { append: named("f", "new") })])).toMatchObject({ versions: [1] });

      expect(await records.read(key)).toMatchObject({
        text: "",
        labels: {},
        list: [{ id: "f", position: 0 }],
      });
    });

    test("a record's own time is up whatever it is of all, and can be changed", async () => {
      const { records, advance } = await start({ expireMs: () => hour });
      await records.write([
        put(keyOf("brief"), { expireInMs: 60 * second }),
        put(keyOf("longer"), { expireInMs: 60 * second }),
        put(keyOf("kept"), { expireInMs: 60 * second }),
        put(keyOf("too-long"), { expireInMs: 9 * hour }),
      ]);
      await records.write([
        put(keyOf("brief"), { expectedVersion: 1 }),
        put(keyOf("longer"), { expectedVersion: 1, expireInMs: 120 * second }),
        put(keyOf("kept"), { expectedVersion: 1, expireInMs: null }),
      ]);

      await advance(65 * second);
      expect(await idsOf(records)).toEqual(["longer", "kept", "too-long"]);
      await advance(65 * second);
      expect(await idsOf(records)).toEqual(["kept", "too-long"]);
      await advance(hour);
      expect(await idsOf(records)).toEqual([]);
    });

    test("without a limit records last", async () => {
      const { records, advance } = await start({ expireMs: () => 0 });
      await records.write([put(keyOf("a"))]);

      await advance(100_000 * hour);

      expect(await idsOf(records)).toEqual(["a"]);
    });
  });
}
