import { describe, expect, test } from "bun:test";
import type { Collection } from "../../../src/store/records.ts";
import { failureOf } from "../../support/failure.ts";
import { hour, idsOf, keyOf, put, type Put, second, type Start } from "./bed.ts";

const full = { kind: "too_large", code: "store_full" };
const unavailable = { kind: "unavailable", code: "store_unavailable" };

export function describeRoom(start: Start): void {
  describe("room for so many", () => {
    test("an owner's oldest go, by their last writes, but for those that are due; others' stay", async () => {
      const { records, advance } = await start({ maxPerOwner: () => 3 });
      await records.write([put(keyOf("x", "other"))]);
      await records.write([put(keyOf("y", "", "completion"))]);
      await records.write([put(keyOf("due"), { dueInMs: hour })]);
      for (const id of ["1", "2"]) await records.write([put(keyOf(id))]);
      await advance(second);
      await records.write([put(keyOf("1"), { expectedVersion: 1 })]);
      await advance(second);

      await records.write([put(keyOf("3"))]);
      await advance(second);
      expect(await idsOf(records)).toEqual(["otherx", "due", "1", "3"]);
      await records.write([put(keyOf("4"))]);

      expect(await idsOf(records)).toEqual(["otherx", "due", "3", "4"]);
      expect(await idsOf(records, "completion")).toEqual(["y"]);
    });

    for (const collection of ["file", "batch"] as const) {
      test(`of the collection '${collection}' nothing goes: another is refused until one is deleted`, async () => {
        const { records } = await start({ maxPerOwner: () => 2 });
        const key = (id: string, owner = "") => keyOf(id, owner, collection);
        await records.write([put(key("1")), put(key("2"))]);

        expect(await failureOf(records.write([put(keyOf("with")), put(key("3"))]))).toMatchObject(full);
        expect(await idsOf(records, collection)).toEqual(["1", "2"]);
        expect(await records.head(keyOf("with"))).toBeUndefined();
        await records.write([put(key("1"), { expectedVersion: 1, text: "x" }), put(key("1", "other"))]);
        await records.write([{ kind: "delete", key: key("2") }]);
        await records.write([put(key("3"))]);

        expect(await idsOf(records, collection)).toEqual(["1", "other1", "3"]);
      });
    }

    test("what has expired is in nobody's way", async () => {
      const { records, advance } = await start({ maxPerOwner: () => 2, expireMs: () => hour });
      await records.write([put(fileKey("1")), put(fileKey("2"), { expireInMs: 60 * second })]);
      await advance(61 * second);
      await records.write([put(fileKey("3"))]);
      await advance(2 * hour);
      await records.write([put(fileKey("4")), put(fileKey("5"))]);

      expect(await idsOf(records, "file")).toEqual(["4", "5"]);
    });

    test("where everything is due, another is refused", async () => {
      const { records } = await start({ maxPerOwner: () => 2 });
      await records.write([put(keyOf("1"), { dueInMs: hour }), put(keyOf("2"), { dueInMs: 0 })]);

      expect(await failureOf(records.write([put(keyOf("3"))]))).toMatchObject(full);
      await records.write([put(keyOf("1"), { expectedVersion: 1, dueInMs: null })]);
      await records.write([put(keyOf("3"))]);

      expect(await idsOf(records)).toEqual(["2", "3"]);
    });
  });

  describe("room for so much", () => {
    test("the oldest go when all together are too large, of the owner who has most", async () => {
      const bed = await start({ maxTotalBytes: () => 10_000 });
      const { records } = bed;
      const write = async (owner: string, id: string, bytes: number, more: Partial<Put> = {}) =>
        await fill(bed, keyOf(id, owner), { bytes, ...more });

      await write("a", "1", 2_400);
      for (const id of ["1", "2", "3"]) await write("b", id, 2_400);
      expect(await idsOf(records)).toEqual(["a1", "b1", "b2", "b3"]);
      await write("b", "4", 2_400);
      expect(await idsOf(records)).toEqual(["a1", "b2", "b3", "b4"]);
      await write("a", "1", 2_400, { expectedVersion: 1, append: [{ text: "é".repeat(1_000) }] });
      expect(await idsOf(records)).toEqual(["a1", "b3", "b4"]);
      await write("a", "1", 2_400, { expectedVersion: 2, append: [{ text: "x".repeat(2_500) }] });

      expect(await idsOf(records)).toEqual(["a1", "b4"]);
      expect((await records.read(keyOf("1", "a")))?.list).toHaveLength(2);
    });

    test("the oldest of an owner goes whichever collection it is of", async () => {
      const bed = await start({ maxTotalBytes: () => 10_000 });
      const { records } = bed;
      const collections: readonly Collection[] = ["completion", "conversation", "response"];
      for (const collection of collections) await fill(bed, keyOf("1", "", collection), { bytes: 3_000 });

      await fill(bed, keyOf("2", "", "response"), { bytes: 3_000 });

      expect(await idsOf(records, "completion")).toEqual([]);
      expect(await idsOf(records, "conversation")).toEqual(["1"]);
      expect(await idsOf(records, "response")).toEqual(["1", "2"]);
    });

    test("what is cut off, replaced or deleted makes room again", async () => {
      const bed = await start({ maxTotalBytes: () => 10_000 });
      const { records } = bed;
      await fill(bed, keyOf("stays"), { bytes: 1_500 });
      await records.write([
        put(keyOf("cut"), {
          text: "x".repeat(2_000),
          labels: { a: "y".repeat(500) },
          append: [{ text: "z".repeat(4_000) }],
        }),
      ]);
      await records.write([put(keyOf("cut"), { expectedVersion: 1, keep: 0, text: "", labels: {} })]);
      await fill(bed, keyOf("deleted"), { bytes: 7_000 });
      await records.write([{ kind: "delete", key: keyOf("deleted") }]);
      await records.write([put(keyOf("entry"), { append: [{ text: "x".repeat(7_000) }] })]);
      await records.write([{ kind: "remove-entry", key: keyOf("entry"), expectedVersion: 1, position: 0 }]);

      await fill(bed, keyOf("last"), { bytes: 7_000 });

      expect(await idsOf(records)).toEqual(["stays", "cut", "entry", "last"]);
    });

    test("a record that is larger than all may be is refused, and takes nobody's place", async () => {
      const bed = await start({ maxTotalBytes: () => 4_000 });
      const { records } = bed;
      await fill(bed, keyOf("other"), { bytes: 1_000 });
      await fill(bed, keyOf("a"), { bytes: 1_000 });

      const growing = put(keyOf("a"), { expectedVersion: 1, append: [{ text: "x".repeat(4_000) }] });

      expect(await failureOf(records.write([growing]))).toMatchObject(unavailable);
      expect(await failureOf(fill(bed, keyOf("b"), { bytes: 4_001 }))).toMatchObject(unavailable);
      expect(await records.read(keyOf("a"))).toMatchObject({ version: 1, list: [] });
      expect(await idsOf(records)).toEqual(["other", "a"]);
    });

    test("what is due stays, and where nothing else could go the store has no room", async () => {
      const bed = await start({ maxTotalBytes: () => 10_000 });
      const { records } = bed;
      for (const id of ["1", "2", "3"]) await fill(bed, keyOf(id), { bytes: 3_000, dueInMs: hour });

      expect(await failureOf(fill(bed, keyOf("4"), { bytes: 3_000 }))).toMatchObject(unavailable);
      await records.write([put(keyOf("2"), { expectedVersion: 1, dueInMs: null })]);
      await fill(bed, keyOf("4"), { bytes: 3_000 });

      expect(await idsOf(records)).toEqual(["1", "3", "4"]);
    });

    test("files and batches have half of the room, push others out, and are not pushed out", async () => {
      const bed = await start({ maxTotalBytes: () => 10_000 });
      const { records } = bed;
      await fill(bed, keyOf("f", "", "file"), { bytes: 2_400 });
      for (const id of ["1", "2"]) await fill(bed, keyOf(id), { bytes: 2_400 });
      await fill(bed, keyOf("b", "", "batch"), { bytes: 2_400 });
      await fill(bed, keyOf("3"), { bytes: 2_400 });

      expect(await idsOf(records)).toEqual(["2", "3"]);
      expect(await failureOf(fill(bed, keyOf("g", "other", "file"), { bytes: 2_400 }))).toMatchObject(full);
      expect(await idsOf(records)).toEqual(["2", "3"]);
      await records.write([{ kind: "delete", key: keyOf("f", "", "file") }]);
      await fill(bed, keyOf("g", "other", "file"), { bytes: 2_400 });

      expect([...(await idsOf(records, "file")), ...(await idsOf(records, "batch"))]).toEqual([
        "otherg",
        "b",
      ]);
    });
  });
}

/** A record that costs a store so many bytes, its entries aside, and is older than all that come after it. */
async function fill(
  { records, advance }: Awaited<ReturnType<Start>>,
  key: Put["key"],
  { bytes, ...more }: Partial<Put> & { bytes: number },
): Promise<void> {
  const result = await records.write([put(key, { text: "x".repeat(bytes - 512), ...more })]);
  expect(result.kind).toBe("written");
  await advance(1);
}

function fileKey(id: string): Put["key"] {
  return keyOf(id, "", "file");
}
