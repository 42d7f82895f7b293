import { describe, expect, test } from "bun:test";
import type { RecordStore } from "../../../src/store/records.ts";
import { keyOf, named, put, type Start, texts } from "./bed.ts";

export function describeFinding(start: Start): void {
  describe("finding", () => {
    test("a chain has the oldest first, each with its entries, and ends where a parent is gone", async () => {
      const { records } = await start();
      await records.write([put(keyOf("other", "other"), { text: "theirs" })]);
      for (const [id, parent] of [
        ["1", "other"],
        ["2", "1"],
        ["3", "2"],
        ["4", "3"],
      ] as const) {
        await records.write([
          put(keyOf(id), { text: `head ${id}`, parent, append: texts(`a${id}`, `b${id}`) }),
        ]);
      }
      await records.write([put(keyOf("branch"), { parent: "2" })]);
      const ids = async (id: string, limit = 100) =>
        (await records.chain(keyOf(id), limit))?.map(({ key }) => key.id);

      expect(await ids("4")).toEqual(["1", "2", "3", "4"]);
      expect(await ids("branch")).toEqual(["1", "2", "branch"]);
      expect(await ids("4", 2)).toEqual(["3", "4"]);
      expect((await records.chain(keyOf("4"), 100))?.slice(1, 2)).toMatchObject([
        {
          text: "head 2",
          list: [
            { text: "a2", position: 0 },
            { text: "b2", position: 1 },
          ],
        },
      ]);
      await records.write([{ kind: "delete", key: keyOf("2") }]);
      expect(await ids("4")).toEqual(["3", "4"]);
      expect(await records.head(keyOf("3"))).toMatchObject({ parent: "2" });
      expect(await ids("2")).toBeUndefined();
    });

    test("a chain that comes back to itself ends at its limit", async () => {
      const { records } = await start();
      await records.write([put(keyOf("a"), { parent: "b" }), put(keyOf("b"), { parent: "a" })]);

      expect(await records.chain(keyOf("a"), 7)).toHaveLength(7);
    });

    test("entries are read in pages, forwards and backwards, up to a place", async () => {
      const { records } = await start();
      const key = keyOf("a");
      await records.write([put(key, { append: texts("0", "1", "2", "3", "4", "5") })]);
      await records.write([{ kind: "remove-entry", key, expectedVersion: 1, position: 2 }]);
      const page = async (options: Partial<Parameters<RecordStore["entries"]>[1]>) => {
        const { items = [], hasMore } =
          (await records.entries(key, { order: "asc", limit: 3, ...options })) ?? {};
        return [items.map(({ text }) => text).join(""), hasMore];
      };

      expect(await page({})).toEqual(["013", true]);
      expect(await page({ after: 3 })).toEqual(["45", false]);
      expect(await page({ after: 2 })).toEqual(["345", false]);
      expect(await page({ order: "desc" })).toEqual(["543", true]);
      expect(await page({ order: "desc", after: 3 })).toEqual(["10", false]);
      expect(await page({ upTo: 3 })).toEqual(["013", false]);
      expect(await page({ order: "desc", upTo: 3 })).toEqual(["310", false]);
      expect(await page({ after: 5 })).toEqual(["", false]);
    });

    test("an entry is found by its id, the newest of several", async () => {
      const { records } = await start();
      await records.write([put(keyOf("1"), { append: named("e", "1") })]);
      await records.write([put(keyOf("2"), { append: named("e", "2") })]);
      await records.write([put(keyOf("3", "", "conversation"), { append: named("e", "3") })]);
      await records.write([put(keyOf("4", "", "completion"), { append: named("e", "4") })]);
      await records.write([
        put(keyOf("1"), { expectedVersion: 1, append: [{ text: "-" }, ...named("e", "5")] }),
      ]);

      expect(await records.findEntry(["response", "conversation"], "", "e")).toEqual({
        id: "e",
        text: "5",
        position: 2,
        key: keyOf("1"),
      });
      expect(await records.findEntry(["conversation"], "", "e")).toMatchObject({ text: "3" });
      expect(await records.findEntry(["file"], "", "e")).toBeUndefined();
      expect(await records.findEntry(["response"], "other", "e")).toBeUndefined();
      expect(await records.findEntry([], "", "e")).toBeUndefined();
    });

    test("a list is in the order of making, forwards and backwards, in pages", async () => {
      const { records } = await start();
      for (const id of ["1", "2", "3", "4", "5"]) await records.write([put(keyOf(id), { text: id })]);
      await records.write([put(keyOf("2"), { expectedVersion: 1, text: "2 again" })]);
      await records.write([put(keyOf("x", "other")), put(keyOf("y", "", "completion"))]);
      const page = async (order: "asc" | "desc", after?: string) => {
        const found = await records.list({
          collection: "response",
          owner: "",
          order,
          limit: 2,
          ...(after !== undefined && { after }),
        });
        return found && [found.items.map(({ key }) => key.id).join(""), found.hasMore];
      };

      expect(await page("asc")).toEqual(["12", true]);
      expect(await page("asc", "2")).toEqual(["34", true]);
      expect(await page("asc", "4")).toEqual(["5", false]);
      expect(await page("asc", "5")).toEqual(["", false]);
      expect(await page("desc")).toEqual(["54", true]);
      expect(await page("desc", "2")).toEqual(["1", false]);
      expect(await page("desc", "9")).toBeUndefined();
      expect(await page("desc", "x")).toBeUndefined();
    });

    test("a list of all owners goes on behind a record of one of them", async () => {
      const { records } = await start();
      for (const owner of ["a", "b", "c"]) await records.write([put(keyOf("same", owner))]);

      const all = await records.list({ collection: "response", order: "desc", limit: 2 });
      const rest = await records.list({
        collection: "response",
        order: "desc",
        after: "same",
        afterOwner: "b",
        limit: 2,
      });

      expect(all?.items.map(({ key }) => key.owner)).toEqual(["c", "b"]);
      expect(rest?.items.map(({ key }) => key.owner)).toEqual(["a"]);
    });

    test("a list has only those with all the labels asked for", async () => {
      const { records } = await start();
      for (const [id, labels] of [
        ["1", { model: "m", a: "1" }],
        ["2", { model: "m" }],
        ["3", { model: "m", a: "1", b: "x'; DROP TABLE records; --" }],
        ["4", { model: "n", a: "1" }],
      ] as const) {
        await records.write([put(keyOf(id), { labels })]);
      }
      await records.write([put(keyOf("4"), { expectedVersion: 1, labels: { model: "m", a: "1" } })]);
      const ids = async (labels: Record<string, string>, after?: string) => {
        const found = await records.list({
          collection: "response",
          owner: "",
          labels,
          order: "asc",
          limit: 9,
          ...(after !== undefined && { after }),
        });
        return found?.items.map(({ key }) => key.id).join("");
      };

      expect(await ids({ model: "m", a: "1" })).toBe("134");
      expect(await ids({ model: "m", a: "1" }, "1")).toBe("34");
      expect(await ids({ model: "m" }, "1")).toBe("234");
      expect(await ids({ model: "n" })).toBe("");
      expect(await ids({ b: "x'; DROP TABLE records; --" })).toBe("3");
      expect(await ids({})).toBe("1234");
    });
  });
}
