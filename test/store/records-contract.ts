import { afterEach, describe, expect, test } from "bun:test";
import type { StoreOptions } from "../../src/store/options.ts";
import type { Change, Collection, Entry, RecordKey, RecordStore } from "../../src/store/records.ts";
import type { Store } from "../../src/store/store.ts";

/** A fresh and empty store, and its clock. */
export interface RecordBed {
  store: Store;
  /** So much later; the clock goes on by itself besides. */
  advance: (milliseconds: number) => Promise<void>;
}

export type BedOptions = Partial<Omit<StoreOptions, "log" | "now">>;
export type OpenBed = (options: BedOptions) => Promise<RecordBed>;

const hour = 3_600_000;

export function keyOf(id: string, owner = "", collection: Collection = "response"): RecordKey {
  return { collection, owner, id };
}

/** A change that makes a record of one entry, or goes on with it. */
export function put(key: RecordKey, more: Partial<Extract<Change, { kind: "put" }>> = {}): Change {
  return { kind: "put", key, expectedVersion: 0, ...more };
}

/** Entries of those texts, without ids. */
function texts(...all: readonly string[]): Entry[] {
  return all.map((text) => ({ text }));
}

function named(id: string, text: string): Entry[] {
  return [{ id, text }];
}

/** What every store keeps to. */
export function describeRecordStore(name: string, open: OpenBed): void {
  describe(name, () => {
    const stores: Store[] = [];
    const start = async (options: BedOptions = {}) => {
      const bed = await open(options);
      stores.push(bed.store);
      return { records: bed.store.records, advance: bed.advance };
    };
    afterEach(async () => {
      for (const store of stores.splice(0)) await store.close();
    });

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

        expect(await records.write([{ kind: "remove-entry", key, expectedVersion: 1, position: 1 }])).toEqual(
          { kind: "written", versions: [2] },
        );
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
        [
          "another version where an entry goes",
          { kind: "remove-entry", key, expectedVersion: 1, position: 0 },
        ],
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
          Array.from({ length: 20 }, (_, index) =>
            records.write([put(key, { append: texts(String(index)) })]),
          ),
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
          await records.write([
            put(each, { text: String(index), append: [{ id: "e", text: String(index) }] }),
          ]);
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

    describeFinding(start);
  });
}

type Start = (options?: BedOptions) => Promise<{ records: RecordStore; advance: RecordBed["advance"] }>;

function describeFinding(start: Start): void {
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
