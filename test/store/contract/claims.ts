import { describe, expect, test } from "bun:test";
import { hour, keyOf, named, put, second, type Start } from "./bed.ts";

export function describeClaims(start: Start): void {
  describe("claims", () => {
    test("what is due is given out, all owners', and not what is due later, or of another collection", async () => {
      const { records, advance } = await start();
      await records.write([
        put(keyOf("now"), { dueInMs: 0, text: "head", labels: { a: "b" }, append: named("e", "x") }),
        put(keyOf("now", "other"), { dueInMs: 0 }),
        put(keyOf("later"), { dueInMs: 60 * second }),
        put(keyOf("never")),
        put(keyOf("batch", "", "batch"), { dueInMs: 0 }),
      ]);

      const claimed = await records.claim("response", { leaseMs: hour, limit: 9 });

      expect(claimed.map(({ key }) => key.owner).toSorted()).toEqual(["", "other"]);
      const [mine] = claimed.filter(({ key }) => key.owner === "");
      expect(mine).toMatchObject({ version: 2, text: "head", labels: { a: "b" }, entries: 1 });
      expect(await records.head(keyOf("now"))).toMatchObject({ ...mine });
      expect((mine?.dueAt ?? 0) - (mine?.updatedAt ?? 0)).toBe(hour);
      expect(await records.claim("response", { leaseMs: hour, limit: 9 })).toEqual([]);
      await advance(61 * second);
      const later = await records.claim("response", { leaseMs: hour, limit: 9 });
      expect(later.map(({ key }) => key.id)).toEqual(["later"]);
    });

    test("no more than asked for are given out, those that are due longest", async () => {
      const { records, advance } = await start();
      for (const [id, dueInMs] of [
        ["3", 3 * second],
        ["1", 1 * second],
        ["2", 2 * second],
      ] as const) {
        await records.write([put(keyOf(id), { dueInMs })]);
      }
      await advance(10 * second);

      const first = await records.claim("response", { leaseMs: hour, limit: 2 });
      const later = await records.claim("response", { leaseMs: hour, limit: 2 });

      expect(first.map(({ key }) => key.id).toSorted()).toEqual(["1", "2"]);
      expect(later.map(({ key }) => key.id)).toEqual(["3"]);
    });

    test("each is given out once, however many ask at once", async () => {
      const { records } = await start();
      await records.write(
        Array.from({ length: 40 }, (_, index) => put(keyOf(String(index)), { dueInMs: 0 })),
      );

      const claims = await Promise.all(
        Array.from({ length: 16 }, () => records.claim("response", { leaseMs: hour, limit: 3 })),
      );

      const ids = claims.flat().map(({ key }) => key.id);
      expect(ids).toHaveLength(40);
      expect(new Set(ids).size).toBe(40);
    });

    test("a lease is prolonged by writes, and over when it ran out", async () => {
      const { records, advance } = await start();
      const key = keyOf("a");
      await records.write([put(key, { dueInMs: 0 })]);
      await records.claim("response", { leaseMs: 60 * second, limit: 1 });
      await advance(50 * second);
      expect(await records.write([put(key, { expectedVersion: 2, dueInMs: 60 * second })])).toMatchObject({
        versions: [3],
      });
      await advance(50 * second);
      expect(await records.claim("response", { leaseMs: 60 * second, limit: 1 })).toEqual([]);
      await advance(11 * second);

      const [again] = await records.claim("response", { leaseMs: 60 * second, limit: 1 });

      expect(again).toMatchObject({ key, version: 4 });
      expect(await records.write([put(key, { expectedVersion: 3, text: "late" })])).toEqual({
        kind: "conflict",
        change: 0,
      });
      expect(await records.head(key)).toMatchObject({ text: "" });
    });

    test("what is done is not due any more", async () => {
      const { records, advance } = await start();
      await records.write([put(keyOf("a"), { dueInMs: 0 })]);
      await records.claim("response", { leaseMs: second, limit: 1 });
      await records.write([put(keyOf("a"), { expectedVersion: 2, dueInMs: null })]);
      await advance(hour);

      expect(await records.claim("response", { leaseMs: second, limit: 1 })).toEqual([]);
    });
  });
}
