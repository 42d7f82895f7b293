import { describe, expect, test } from "bun:test";
import * as fc from "fast-check";
import { failureOf } from "../../support/failure.ts";
import { keyOf, put, type Start } from "./bed.ts";

const ids = [
  "'; DROP TABLE records; --",
  'a" OR "1"="1',
  "%_\\",
  "$1 ?1 :a @b",
  "a\0b",
  "\0",
  "\ud800",
  "\udc00\ud800",
  "\ufffe0000",
  "\uffff\ufeff\u2028",
  "🦕🇩🇪é",
  "e\u0301",
  "",
  " ",
  "__proto__",
  "x".repeat(512),
  "🦕".repeat(256),
];

export function describeValues(start: Start): void {
  describe("values", () => {
    test("ids of every kind are different ones, and find what is theirs", async () => {
      const { records } = await start();
      for (const id of ids) {
        await records.write([
          put(keyOf(id, id.slice(0, 100)), {
            text: id,
            parent: id,
            labels: { [id]: id },
            append: [{ id, text: id }],
          }),
        ]);
      }

      for (const id of ids) {
        const owner = id.slice(0, 100);
        const labels = Object.fromEntries([[id, id]]);
        const record = await records.read(keyOf(id, owner));
        expect(record).toMatchObject({ text: id, parent: id, entries: 1 });
        expect(Object.entries(record?.labels ?? {})).toEqual([[id, id]]);
        expect(record?.list).toEqual([{ id, text: id, position: 0 }]);
        expect(await records.findEntry(["response"], owner, id)).toMatchObject({ id, key: keyOf(id, owner) });
        const page = await records.list({ collection: "response", owner, labels, order: "desc", limit: 9 });
        expect(page?.items.map(({ key }) => key.id)).toEqual([id]);
      }
      expect((await records.list({ collection: "response", order: "asc", limit: 99 }))?.items).toHaveLength(
        ids.length,
      );
      expect(await records.head(keyOf("a\u0000b".replace("\0", "0"), "a\0b"))).toBeUndefined();
    });

    test("names that are too long to be found by are refused, longer values are not", async () => {
      const { records } = await start();
      const long = Array.from({ length: 3_000 }, (_, index) => String.fromCodePoint(0x4e00 + index)).join("");

      for (const change of [
        put(keyOf("x".repeat(513))),
        put(keyOf("a"), { labels: { ["x".repeat(513)]: "y" } }),
      ]) {
        expect(await failureOf(records.write([change]))).toMatchObject({
          kind: "invalid_request",
          code: "name_too_long",
        });
      }
      await records.write([put(keyOf("a"), { labels: { long }, append: [{ id: long, text: "x" }] })]);
      await records.write([
        put(keyOf("b"), { labels: { long: `${long}!` }, append: [{ id: `${long}!`, text: "y" }] }),
      ]);

      expect(await records.findEntry(["response"], "", long)).toMatchObject({ text: "x", id: long });
      const page = await records.list({
        collection: "response",
        owner: "",
        labels: { long },
        order: "asc",
        limit: 9,
      });
      expect(page?.items.map(({ key }) => key.id)).toEqual(["a"]);
      expect(await records.head(keyOf(long))).toBeUndefined();
    });

    test("every text comes back as it was", async () => {
      const { records } = await start();
      const unit = fc.oneof(
        fc.constantFrom("\0", "\ud800", "\udfff", "\u2028", "\ufffe", "\u0010", "é", "'", '"', "\\", "🦕"),
        fc.string(),
      );
      const text = fc.string({ unit, maxLength: 50 });
      const record = fc.record({
        text,
        labels: fc.dictionary(text, text, { maxKeys: 4 }),
        append: fc.array(fc.record({ id: text, text }, { requiredKeys: ["text"] }), { maxLength: 80 }),
      });
      let count = 0;

      await fc.assert(
        fc.asyncProperty(record, async ({ append, ...rest }) => {
          const key = keyOf(String(count++), "é'\"\0");
          await records.write([put(key, { ...rest, append })]);

          expect(await records.read(key)).toMatchObject({ text: rest.text, entries: append.length });
          const { labels = {}, list = [] } = (await records.read(key)) ?? {};
          expect(Object.entries(labels)).toEqual(Object.entries(rest.labels));
          expect(list).toEqual(append.map((entry, position) => ({ ...entry, position })));
        }),
        { numRuns: 20 },
      );
    });

    test("what was written and read cannot be changed from outside", async () => {
      const { records } = await start();
      const labels: Record<string, string> = { a: "kept" };
      const entry = { id: "e", text: "kept" };
      await records.write([put(keyOf("a"), { labels, append: [entry] })]);

      labels["a"] = "changed";
      entry.text = "changed";
      const [first] = (await records.read(keyOf("a")))?.list ?? [];
      if (first !== undefined) first.text = "changed";

      expect(await records.read(keyOf("a"))).toMatchObject({
        labels: { a: "kept" },
        list: [{ text: "kept" }],
      });
    });

    test("a text of a megabyte, and ten thousand entries, are read as they were written", async () => {
      const { records } = await start();
      const text = "é\0🦕".repeat(200_000);
      const append = Array.from({ length: 10_000 }, (_, index) => ({
        id: `msg_${index}`,
        text: `{"n":${index}}`,
      }));
      await records.write([put(keyOf("a"), { text, append: [{ text }] })]);

      await records.write([put(keyOf("a"), { expectedVersion: 1, append })]);
      await records.write([put(keyOf("b"), { parent: "a" })]);

      const [parent] = (await records.chain(keyOf("b"), 2)) ?? [];
      expect(parent?.text === text && parent.list[0]?.text === text).toBe(true);
      expect(parent?.list.slice(1)).toEqual(
        append.map((entry, index) => ({ ...entry, position: index + 1 })),
      );
      expect(await records.findEntry(["response"], "", "msg_9999")).toMatchObject({ position: 10_000 });
      await records.write([put(keyOf("a"), { expectedVersion: 2, keep: 5 })]);
      expect((await records.read(keyOf("a")))?.list).toHaveLength(5);
    });

    test("a page ends where its texts are many megabytes, and goes on behind", async () => {
      const { records } = await start();
      const text = "x".repeat(6_000_000);
      await records.write([put(keyOf("1"), { text, append: [{ text }, { text }, { text }, { text }] })]);
      for (const id of ["2", "3", "4"]) await records.write([put(keyOf(id), { text })]);

      const entries = await records.entries(keyOf("1"), { order: "asc", limit: 9 });
      const rest = await records.entries(keyOf("1"), { order: "asc", limit: 9, after: 2 });
      const list = { collection: "response", owner: "", order: "desc", limit: 9 } as const;
      const page = await records.list(list);
      const behind = await records.list({ ...list, after: "2" });

      expect([entries?.items.length, entries?.hasMore]).toEqual([3, true]);
      expect([rest?.items.length, rest?.hasMore]).toEqual([1, false]);
      expect([page?.items.map(({ key }) => key.id), page?.hasMore]).toEqual([["4", "3", "2"], true]);
      expect([behind?.items.map(({ key }) => key.id), behind?.hasMore]).toEqual([["1"], false]);
    });

    test("more than a hundred megabytes are not read at once", async () => {
      const { records } = await start();
      const text = "x".repeat(34_000_000);
      for (const id of [1, 2, 3, 4])
        await records.write([put(keyOf(String(id)), { text, parent: String(id - 1) })]);

      expect(await failureOf(records.chain(keyOf("4"), 9))).toMatchObject({
        kind: "too_large",
        code: "stored_too_large",
      });
      expect(await records.chain(keyOf("4"), 1)).toHaveLength(1);
    });
  });
}
