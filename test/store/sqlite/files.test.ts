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
import { says } from "../contract.ts";

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

const key = { owner: "", id: "c1" };
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

function write({ conversations }: Store, text = "Hi", more: object = {}): Promise<number | undefined> {
  return conversations.write({
    key,
    model: "m",
    keep: 0,
    append: [says("user", text)],
    expectedVersion: 0,
    ...more,
  });
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

  expect(await open().conversations.read(key)).toEqual({ messages: [says("user", "Hi")], version: 1 });
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
  expect((await two.conversations.read(key))?.version).toBe(1);
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
        await failureOf(store.conversations.read(key)),
        await failureOf(write(store)),
        await failureOf(store.conversations.list({ limit: 1, offset: 0 })),
        await failureOf(store.conversations.delete(key)),
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
  const before = readFileSync(path);
  inspectFile(path);

  expect(readFileSync(path)).toEqual(before);
  expect(await write(store, "again")).toBeUndefined();
  await store.close();
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

test("a full disk refuses what is written, by whole turns, and still gives what is there", async () => {
  const output = await runWithLargestFile(400, join(import.meta.dir, "full.ts"), `sqlite:${path}`);

  const { acknowledged, failure, read, reread } = JSON.parse(output);
  expect(acknowledged).toBeGreaterThan(3);
  expect(failure).toEqual(unavailable);
  expect(read).toEqual({ version: acknowledged, messages: acknowledged * 2 });
  expect(reread).toEqual(read);
  const stored = await open().conversations.read(key);
  expect(stored).toMatchObject({ version: acknowledged });
  expect(stored?.messages).toHaveLength(acknowledged * 2);
  expect(await write(open(), "There is room again.", { expectedVersion: acknowledged })).toBe(
    acknowledged + 1,
  );
});

test("what has expired leaves the file, in slices", async () => {
  let now = 1_000;
  const store = open(memoryLog(), { now: () => now, expireMs: () => 100 });
  await Promise.all(
    Array.from({ length: 450 }, (_, index) =>
      write(store, "x".repeat(2_000), { key: { owner: "", id: `c${index}` } }),
    ),
  );
  await store.close();
  const before = statSync(path).size;
  now = 2_000;

  const later = open(memoryLog(), { now: () => now, expireMs: () => 100 });
  await later.conversations.read(key);
  await swept();
  await later.close();

  expect(rowsOf("conversations")).toBe(0);
  expect(rowsOf("conversation_messages")).toBe(0);
  expect(rowsOf("conversation_owners")).toBe(0);
  expect(statSync(path).size).toBeLessThan(before / 2);
});

test("closing writes what waits", async () => {
  const store = open();
  const writes = Array.from({ length: 300 }, (_, index) =>
    write(store, "x", { key: { owner: "", id: `c${index}` } }),
  );
  await writes[0];

  await store.close();

  expect((await Promise.all(writes)).every((version) => version === 1)).toBe(true);
  expect(rowsOf("conversations")).toBe(300);
});

test("a file of the first version goes on, and what is in it counts", async () => {
  make(firstVersion);
  make(`INSERT INTO conversations VALUES (1, '', 'old', 'm', 1, 1, 1, 1), (2, '', 'newer', 'm', 1, 2, 2, 2);
    INSERT INTO conversation_messages VALUES
      (1, 0, '{"role":"user","content":[{"type":"text","text":"é"}]}'),
      (2, 0, '{"role":"user","content":[{"type":"text","text":"${"x".repeat(3_000)}"}]}'),
      (2, 1, '{"role":"assistant","content":[]}')`);
  const store = open(memoryLog(), { maxTotalBytes: () => 8_000 });
  expect(await store.conversations.read({ owner: "", id: "old" })).toMatchObject({ version: 1 });

  await write(store, "x".repeat(3_000), { key: { owner: "", id: "c3" } });
  await write(store, "x".repeat(3_000), { key: { owner: "", id: "c4" } });

  const left = await store.conversations.list({ limit: 9, offset: 0 });
  expect(left.map(({ id }) => id)).toEqual(["c4", "c3"]);
});

test("a smaller limit is reached step by step", async () => {
  let now = 0;
  const first = open(memoryLog(), { now: () => ++now });
  for (let index = 0; index < 100; index++) await write(first, "x", { key: { owner: "", id: `c${index}` } });
  await first.close();
  const second = open(memoryLog(), { now: () => ++now, maxTotalBytes: () => 6_000 });

  for (let index = 0; index < 20; index++) {
    await write(second, "y", { key: { owner: "", id: "last" }, keep: index, expectedVersion: index });
  }

  const left = await second.conversations.list({ limit: 999, offset: 0 });
  expect(left[0]).toMatchObject({ id: "last", messages: 20 });
  expect(left.length).toBeLessThan(10);
});

test("what is counted is what is there, whatever happened", async () => {
  const store = open(memoryLog(), { maxTotalBytes: () => 20_000, maxPerOwner: 12 });
  const turn = fc.record({
    owner: fc.constantFrom("a", "b"),
    id: fc.integer({ min: 0, max: 15 }).map(String),
    texts: fc.array(fc.string({ unit: "grapheme", maxLength: 900, size: "max" }), { maxLength: 4 }),
    kept: fc.nat({ max: 6 }),
    isDeleted: fc.boolean(),
  });

  await fc.assert(
    fc.asyncProperty(fc.array(turn, { minLength: 10, maxLength: 40 }), async (turns) => {
      for (const { owner, id, texts, kept, isDeleted } of turns) {
        const one = { owner, id };
        const stored = await store.conversations.read(one);
        if (isDeleted) await store.conversations.delete(one);
        else {
          await write(store, "", {
            key: one,
            append: texts.map((text) => says("user", text)),
            keep: Math.min(kept, stored?.messages.length ?? 0),
            expectedVersion: stored?.version ?? 0,
          });
        }
      }

      expect(countedBytes()).toEqual(presentBytes());
      expect(countedBytes().all).toBeLessThanOrEqual(20_000);
    }),
    { numRuns: 15 },
  );
});

test("writes that wait together go to the disk together", async () => {
  const store = createStore(`sqlite:${path}?durability=full`, memoryLog());
  stores.push(store);
  await write(store);

  const versions = await Promise.all(
    Array.from({ length: 1_000 }, (_, index) =>
      write(store, "x", { key: { owner: "", id: `many${index}` } }),
    ),
  );

  expect(versions.every((version) => version === 1)).toBe(true);
  expect(await store.conversations.list({ limit: 2_000, offset: 0 })).toHaveLength(1_000);
});

function rowsOf(table: string): unknown {
  using database = new Database(path, { readonly: true });
  const [[count] = []] = database.query(`SELECT count(*) FROM ${table}`).values();
  return count;
}

function countedBytes(): { all: unknown; each: unknown } {
  using database = new Database(path, { readonly: true });
  const [[all] = []] = database.query("SELECT coalesce(sum(bytes), 0) FROM conversation_owners").values();
  return { all, each: database.query("SELECT number, bytes FROM conversations ORDER BY number").values() };
}

/** The same, from the messages: each costs 64 bytes besides its text, and a conversation 512. */
function presentBytes(): { all: unknown; each: unknown } {
  using database = new Database(path, { readonly: true });
  const each = database
    .query(
      `SELECT number, 512 + (SELECT coalesce(sum(64 + length(CAST(message AS BLOB))), 0)
         FROM conversation_messages WHERE conversation = number)
       FROM conversations ORDER BY number`,
    )
    .values();
  return { all: each.reduce((sum, [, bytes]) => sum + Number(bytes), 0), each };
}

/** Waits until the sweep that begins with the first call has emptied the file. */
async function swept(): Promise<void> {
  while (rowsOf("conversations") !== 0) await Bun.sleep(5);
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
