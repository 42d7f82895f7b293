import { Database } from "bun:sqlite";
import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import * as fc from "fast-check";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createStore } from "../../../src/store/create-store.ts";
import { inspectFile } from "../../../src/store/sqlite/inspect-file.ts";
import type { Store } from "../../../src/store/store.ts";
import { memoryLog } from "../../support/calls.ts";
import { failureOf } from "../../support/failure.ts";
import type { Change, Collection } from "../../../src/store/records.ts";
import { expectClaimedOnce } from "../claimers.ts";
import { keyOf, put } from "../contract/bed.ts";

/** As the first release made it. */
const firstVersion = `
  CREATE TABLE conversations (
    number INTEGER PRIMARY KEY, owner TEXT NOT NULL, id TEXT NOT NULL, model TEXT NOT NULL,
    version INTEGER NOT NULL, messages INTEGER NOT NULL, created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL, UNIQUE (owner, id)
  ) STRICT;
  CREATE INDEX conversations_by_age ON conversations (updated_at);
  CREATE INDEX conversations_of_owner_by_age ON conversations (owner, updated_at);
  CREATE TABLE conversation_messages (
    conversation INTEGER NOT NULL REFERENCES conversations (number) ON DELETE CASCADE,
    position INTEGER NOT NULL, message TEXT NOT NULL, UNIQUE (conversation, position)
  ) STRICT;
  CREATE TABLE conversation_owners (owner TEXT PRIMARY KEY, conversations INTEGER NOT NULL) STRICT;
  CREATE TRIGGER conversation_begun AFTER INSERT ON conversations BEGIN
    INSERT INTO conversation_owners VALUES (new.owner, 1)
      ON CONFLICT (owner) DO UPDATE SET conversations = conversations + 1;
  END;
  CREATE TRIGGER conversation_gone AFTER DELETE ON conversations BEGIN
    UPDATE conversation_owners SET conversations = conversations - 1 WHERE owner = old.owner;
  END;
  PRAGMA application_id = 1868654963;
  PRAGMA user_version = 1`;

const key = keyOf("c1");
const unavailable = { kind: "unavailable", code: "store_unavailable" };

let directory: string;
let path: string;
let stores: Store[];

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "oai-serve-store-"));
  path = join(directory, "store.db");
  stores = [];
});
afterEach(async () => {
  for (const store of stores) await store.close();
  rmSync(directory, { recursive: true, force: true });
});

function open(log = memoryLog(), options: Parameters<typeof createStore>[2] = {}): Store {
  const store = createStore(`sqlite:${path}`, log, options);
  stores.push(store);
  return store;
}

/** The version that was written; undefined for a conflict. */
async function write(
  { records }: Store,
  text = "Hi",
  more: Partial<Extract<Change, { kind: "put" }>> = {},
): Promise<number | undefined> {
  const result = await records.write([put(key, { append: [{ text }], ...more })]);
  return result.kind === "written" ? result.versions[0] : undefined;
}

test("nothing is made before the first call", async () => {
  const store = open();

  await store.close();

  expect(existsSync(path)).toBe(false);
});

test("a store is there again after it was closed, with its folders, for its owner's eyes", async () => {
  path = join(directory, "a/b/store.db");
  const first = open();
  await write(first);
  await first.close();

  expect(await open().records.read(key)).toMatchObject({ list: [{ text: "Hi" }], version: 1 });
  expect(statSync(path).mode & 0o777).toBe(0o600);
  expect(statSync(join(directory, "a/b")).mode & 0o777).toBe(0o700);
});

test("closing leaves one file", async () => {
  const store = open();
  await write(store);

  await store.close();

  expect([path, `${path}-wal`, `${path}-shm`].map((each) => existsSync(each))).toEqual([true, false, false]);
});

test("two stores that open a new file at once share it", async () => {
  const [one, two] = [open(), open()];

  const versions = await Promise.all([write(one), write(two)]);

  expect(versions.filter((version) => version !== undefined)).toEqual([1]);
  expect((await two.records.read(key))?.version).toBe(1);
});

test("several processes share a file: what is due is given to one of them", async () => {
  const store = open();
  await store.records.write(
    Array.from({ length: 100 }, (_, index) => put(keyOf(String(index), "", "batch"), { dueInMs: 0 })),
  );

  await expectClaimedOnce(`sqlite:${path}`, 100);
});

describe("a file that cannot be used fails what asks, and is left alone", () => {
  const files: readonly [what: string, make: () => void][] = [
    ["of a later version", () => make("PRAGMA application_id = 1868654963; PRAGMA user_version = 9999")],
    ["of another program", () => make("CREATE TABLE theirs (a); PRAGMA user_version = 1")],
    ["of another program that says so", () => make("PRAGMA application_id = 7")],
    ["with tables that are not ours", () => make("CREATE TABLE conversations (a)")],
    ["that is no database", () => writeFileSync(path, "This is a letter, not a database.".repeat(100))],
    ["that is a folder", () => mkdirSync(path)],
    [
      "in a folder that is a file",
      () => writeFileSync((path = join(directory, "file")), "") ?? (path += "/store.db"),
    ],
  ];
  for (const [what, prepare] of files) {
    test(what, async () => {
      prepare();
      const before = sizeOf(path);
      const log = memoryLog();
      const store = open(log);

      const failures = [
        await failureOf(store.records.read(key)),
        await failureOf(write(store)),
        await failureOf(store.records.list({ collection: "response", order: "asc", limit: 1 })),
        await failureOf(store.probe()),
      ];

      for (const failure of failures) {
        expect(failure).toMatchObject(unavailable);
        expect(String(failure)).not.toContain(directory);
      }
      expect(await failureOf(store.open())).toMatchObject(unavailable);
      expect(() => inspectFile(path)).toThrow(Error);
      expect(log.lines).toEqual(["error The store cannot be used"]);
      expect(log.fields[0]).toEqual({ cause: expect.stringMatching(/\w/) });
      expect(sizeOf(path)).toBe(before);
    });
  }
});

test("what would be a store is looked at without making or changing anything", async () => {
  inspectFile(join(directory, "a/b", "store.db"));
  const store = open();
  await write(store);
  inspectFile(path);
  expect(await write(store, "again")).toBeUndefined();
  await store.close();
  expect(readdirSync(directory)).toEqual(["store.db"]);
  inspectFile(path);
  expect(readdirSync(directory)).toEqual(["store.db"]);
});

test("a store that was broken works again once the file is well, and says so", async () => {
  writeFileSync(path, "This is a letter, not a database.".repeat(100));
  const log = memoryLog();
  const store = open(log);
  await failureOf(write(store));
  rmSync(path);

  expect(await write(store)).toBe(1);

  expect(log.lines).toEqual(["error The store cannot be used", "info The store works again"]);
});

test("a full disk refuses what is written, by whole writes, and still gives what is there", async () => {
  const output = await runWithLargestFile(400, join(import.meta.dir, "full.ts"), `sqlite:${path}`);

  const { acknowledged, failure, read, reread, told } = JSON.parse(output);
  expect(acknowledged).toBeGreaterThan(3);
  expect(failure).toEqual(unavailable);
  expect(read).toEqual({ version: acknowledged, entries: acknowledged * 2 });
  expect(reread).toEqual(read);
  expect(told).toEqual(["error The store cannot be used"]);
  const stored = await open().records.read(key);
  expect(stored).toMatchObject({ version: acknowledged });
  expect(stored?.list).toHaveLength(acknowledged * 2);
  expect(await write(open(), "There is room again.", { expectedVersion: acknowledged })).toBe(
    acknowledged + 1,
  );
});

test("what has expired leaves the file, in slices", async () => {
  let now = 1_000;
  const store = open(memoryLog(), { now: () => now, expireMs: () => 100 });
  await Promise.all(
    Array.from({ length: 450 }, (_, index) =>
      write(store, "x".repeat(2_000), {
        key: keyOf(`c${index}`),
        labels: { a: "b" },
        ...(index % 2 === 0 && { expireInMs: 50 }),
      }),
    ),
  );
  await store.close();
  const before = statSync(path).size;
  now = 2_000;

  const later = open(memoryLog(), { now: () => now, expireMs: () => 100 });
  await later.records.read(key);
  await swept();
  await later.close();

  expect([rowsOf("records"), rowsOf("record_entries"), rowsOf("record_labels")]).toEqual([0, 0, 0]);
  expect(counted()).toEqual([[0, 0]]);
  expect(statSync(path).size).toBeLessThan(before / 2);
});

test("what is deleted, cut off or replaced is nowhere in the file any more", async () => {
  const store = open();
  await write(store, "secret-1", { text: "secret-2", labels: { a: "secret-3" } });
  await write(store, "secret-4", { key: keyOf("other"), text: "x".repeat(9_000) + "secret-5" });
  await store.records.write([{ kind: "delete", key }]);

  await write(store, "kept", { key: keyOf("other"), expectedVersion: 1, text: "kept", keep: 0 });
  await store.close();

  const file = readFileSync(path, "latin1");
  expect(file).toContain("kept");
  expect(file.match(/secret-\d/g)).toBeNull();
});

test("closing writes what waits", async () => {
  const store = open();
  const writes = Array.from({ length: 300 }, (_, index) => write(store, "x", { key: keyOf(`c${index}`) }));
  await writes[0];

  await store.close();

  expect((await Promise.all(writes)).every((version) => version === 1)).toBe(true);
  expect(rowsOf("records")).toBe(300);
});

test("a file of the first version goes on, without what no version keeps any more", async () => {
  make(firstVersion);
  make("INSERT INTO conversations VALUES (1, '', 'old', 'm', 1, 1, 1, 1)");

  expect(await write(open())).toBe(1);

  expect(rowsOf("sqlite_schema WHERE name LIKE 'conversation%'")).toBe(0);
});

test("a smaller limit is reached step by step", async () => {
  let now = 0;
  const first = open(memoryLog(), { now: () => ++now });
  for (let index = 0; index < 100; index++) await write(first, "x", { key: keyOf(`c${index}`) });
  await first.close();
  const second = open(memoryLog(), { now: () => ++now, maxTotalBytes: () => 6_000 });

  for (let index = 0; index < 20; index++) {
    await write(second, "y", { key: keyOf("last"), expectedVersion: index });
  }

  const left = await second.records.list({ collection: "response", order: "desc", limit: 999 });
  expect(left?.items[0]).toMatchObject({ key: { id: "last" }, entries: 20 });
  expect(left?.items.length).toBeLessThan(10);
});

test("what is counted is what is there, whatever happened", async () => {
  const store = open(memoryLog(), { maxTotalBytes: () => 20_000, maxPerOwner: () => 12 });
  const text = fc.string({ unit: "grapheme", maxLength: 900, size: "max" });
  const step = fc.record({
    key: fc.record({
      owner: fc.constantFrom("a", "b"),
      id: fc.integer({ min: 0, max: 15 }).map(String),
      collection: fc.constantFrom("response" as const, "conversation" as const),
    }),
    append: fc.array(fc.record({ id: fc.string({ maxLength: 5 }), text }, { requiredKeys: ["text"] }), {
      maxLength: 4,
    }),
    head: fc.option(text, { nil: undefined }),
    labels: fc.option(fc.dictionary(fc.string({ maxLength: 9 }), text, { maxKeys: 3 }), { nil: undefined }),
    kept: fc.nat({ max: 6 }),
    what: fc.constantFrom("put" as const, "put" as const, "delete" as const, "remove-entry" as const),
  });

  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 10, maxLength: 40 }), async (steps) => {
      for (const { key: one, what, append, head, labels, kept } of steps) {
        const stored = await store.records.read(one);
        const expectedVersion = stored?.version ?? 0;
        const change: Change =
          what === "put"
            ? {
                kind: "put",
                key: one,
                expectedVersion,
                append,
                keep: Math.min(kept, stored?.entries ?? 0),
                ...(head !== undefined && { text: head }),
                ...(labels !== undefined && { labels }),
              }
            : what === "delete"
              ? { kind: "delete", key: one }
              : { kind: "remove-entry", key: one, expectedVersion, position: stored?.list[0]?.position ?? 0 };
        await store.records.write([change]);
      }

      expect(sizes()).toEqual(await measured());
      expect(Number(counted().flat().at(-1))).toBeLessThanOrEqual(20_000);
    }),
    { numRuns: 15 },
  );

  /** The same, from the texts: each entry and label costs 64 bytes besides them, and a record 512. */
  async function measured() {
    using database = new Database(path, { readonly: true });
    const rows = database.query<{ id: string; shelf: number; owner: string; collection: Collection }, []>(
      `SELECT id, shelf, owner, collection FROM records JOIN shelves ON shelves.number = shelf
       ORDER BY records.number`,
    );
    const records = await Promise.all(
      rows.all().map(async ({ id, shelf, owner, collection }) => {
        const record = await store.records.read({ id, owner, collection });
        const list = record?.list ?? [];
        const parts = [
          ...list,
          ...Object.entries(record?.labels ?? {}).map(([name, value]) => ({ id: name, text: value })),
        ];
        const bytes = parts.reduce(
          (sum, part) => sum + 64 + Buffer.byteLength(part.id ?? "") + Buffer.byteLength(part.text),
          512 + Buffer.byteLength(record?.text ?? ""),
        );
        return { id, shelf, bytes, entries: list.length };
      }),
    );
    const shelves = database
      .query<{ number: number }, []>("SELECT number FROM shelves ORDER BY number")
      .all();
    return {
      records: records.map(({ id, bytes, entries }) => [id, bytes, entries]),
      shelves: shelves.map(({ number }) => {
        const own = records.filter(({ shelf }) => shelf === number);
        return [own.length, own.reduce((sum, { bytes }) => sum + bytes, 0)];
      }),
    };
  }
});

test("writes that wait together go to the disk together", async () => {
  const store = createStore(`sqlite:${path}?durability=full`, memoryLog());
  stores.push(store);
  await write(store);

  const versions = await Promise.all(
    Array.from({ length: 1_000 }, (_, index) => write(store, "x", { key: keyOf(`many${index}`) })),
  );

  expect(versions.every((version) => version === 1)).toBe(true);
  expect(rowsOf("records")).toBe(1_001);
});

/** As the file counts them: of each record, and of each owner's collection. */
function sizes() {
  using database = new Database(path, { readonly: true });
  return {
    records: database.query("SELECT id, bytes, entries FROM records ORDER BY number").values(),
    shelves: database.query("SELECT record_count, bytes FROM shelves ORDER BY number").values(),
  };
}

function rowsOf(table: string): unknown {
  using database = new Database(path, { readonly: true });
  const [[count] = []] = database.query(`SELECT count(*) FROM ${table}`).values();
  return count;
}

/** Of all records together: how many, and their bytes. */
function counted(): unknown[][] {
  using database = new Database(path, { readonly: true });
  return database.query("SELECT sum(record_count), sum(bytes) FROM shelves").values();
}

/** Waits until the sweep that begins with the first call has emptied the file. */
async function swept(): Promise<void> {
  while (rowsOf("records") !== 0) await Bun.sleep(5);
}

/** Runs a script with files that cannot become larger than so many blocks of 512 bytes. */
async function runWithLargestFile(blocks: number, ...args: readonly string[]): Promise<string> {
  const command = `trap "" XFSZ; ulimit -f ${blocks}; exec "$0" "$@"`;
  const child = Bun.spawn(["sh", "-c", command, process.execPath, ...args], {
    stdout: "pipe",
    stderr: "inherit",
  });
  return await new Response(child.stdout).text();
}

/** A file that another program has made. */
function make(sql: string): void {
  using database = new Database(path, { create: true });
  database.run(sql);
}

function sizeOf(of: string): number | undefined {
  return existsSync(of) ? statSync(of).size : undefined;
}
