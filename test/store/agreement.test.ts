import { afterAll, beforeAll, expect, test } from "bun:test";
import * as fc from "fast-check";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createStore } from "../../src/store/create-store.ts";
import type { Change, Collection, RecordStore, StoredRecord } from "../../src/store/records.ts";
import type { Store } from "../../src/store/store.ts";
import { memoryLog } from "../support/calls.ts";
import { extent } from "../support/long.ts";
import { type PostgresServer, startPostgres } from "../support/postgres.ts";
import { describePostgres } from "../support/prerequisites.ts";

const hour = 3_600_000;
const collections = ["response", "conversation"] as const satisfies readonly Collection[];

const word = fc.constantFrom("a", "b", "c");
const text = fc.oneof(
  fc.string({ maxLength: 8 }),
  fc.constantFrom("\0", "\ud800", "\ufffe0000", "é🦕", "'\\"),
);
const key = fc.record({
  collection: fc.constantFrom(...collections),
  owner: fc.constantFrom("", "o"),
  id: word,
});
const version = fc.nat({ max: 4 });
const time = fc.constantFrom(null, 0, hour);
const change: fc.Arbitrary<Change> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record(
      {
        kind: fc.constant("put" as const),
        key,
        expectedVersion: version,
        text,
        labels: fc.dictionary(word, text, { maxKeys: 2 }),
        parent: word,
        expireInMs: fc.constantFrom(null, hour),
        dueInMs: time,
        keep: fc.nat({ max: 3 }),
        append: fc.array(fc.record({ id: word, text }, { requiredKeys: ["text"] }), { maxLength: 3 }),
      },
      { requiredKeys: ["kind", "key", "expectedVersion"] },
    ),
  },
  fc.record({
    kind: fc.constant("remove-entry" as const),
    key,
    expectedVersion: version,
    position: fc.nat({ max: 4 }),
  }),
  fc.record(
    { kind: fc.constant("delete" as const), key, expectedVersion: version },
    { requiredKeys: ["kind", "key"] },
  ),
);
/** Which version a change expects is only a wish: most of the time it is the present one. */
const write = fc.record({
  changes: fc.array(change, { minLength: 1, maxLength: 3 }),
  isCurrent: fc.boolean(),
  claims: fc.boolean(),
});

describePostgres("the stores", () => {
  let directory: string;
  let server: PostgresServer;
  let files = 0;
  beforeAll(async () => {
    directory = mkdtempSync(join(tmpdir(), "oai-serve-agreement-"));
    server = await startPostgres();
  });
  afterAll(async () => {
    await server[Symbol.asyncDispose]();
    rmSync(directory, { recursive: true });
  });

  test(
    "agree on everything that is written and read",
    async () => {
      await fc.assert(
        fc.asyncProperty(fc.array(write, { minLength: 5, maxLength: 25 }), async (writes) => {
          const urls = ["memory:", `sqlite:${join(directory, `${files++}.db`)}`, server.url()];
          const stores = urls.map((url) => createStore(url, memoryLog()));
          try {
            for (const { changes, isCurrent, claims } of writes) {
              const meant = isCurrent ? await current(stores, changes) : changes;
              await expectSame(stores, (records) => records.write(meant));
              if (claims) await expectSame(stores, claimAll);
            }
            await expectSame(stores, everything);
          } finally {
            for (const store of stores) await store.close();
          }
        }),
        { numRuns: extent(20, 500) },
      );
    },
    extent(60_000, 600_000),
  );
});

/** The changes with the versions that their records have, where each record is changed once. */
async function current([store]: readonly Store[], changes: readonly Change[]): Promise<Change[]> {
  return await Promise.all(
    changes.map(async (each) => ({
      ...each,
      expectedVersion: (await store?.records.head(each.key))?.version ?? 0,
    })),
  );
}

async function expectSame(
  stores: readonly Store[],
  ask: (records: RecordStore) => Promise<unknown>,
): Promise<void> {
  const [first, ...others] = await Promise.all(stores.map(({ records }) => ask(records)));
  for (const other of others) expect(other).toEqual(first);
}

async function claimAll(records: RecordStore): Promise<unknown> {
  const claimed = await records.claim("response", { leaseMs: hour, limit: 100 });
  return claimed.map(timeless).toSorted((one, other) => (one.name < other.name ? -1 : 1));
}

/** Everything that can be read, by every method. */
async function everything(records: RecordStore): Promise<unknown> {
  const ids = ["a", "b", "c"];
  const keys = collections.flatMap((collection) =>
    ["", "o"].flatMap((owner) => ids.map((id) => ({ collection, owner, id }))),
  );
  const ofKeys = keys.map(async (each) => {
    const options = { order: "desc", limit: 2, upTo: 3 } as const;
    const chain = await records.chain(each, 4);
    const read = await records.read(each);
    return [chain?.map(timeless), read && timeless(read), await records.entries(each, options)];
  });
  const found = ["", "o"].flatMap((owner) => ids.map((id) => records.findEntry(collections, owner, id)));
  const lists = (["asc", "desc"] as const).flatMap((order) =>
    ids.map(async (label) => {
      const labels = { [label]: "é🦕" };
      const all = await records.list({ collection: "response", order, limit: 3 });
      const labelled = await records.list({ collection: "response", owner: "", labels, order, limit: 2 });
      const after = await records.list({
        collection: "conversation",
        owner: "o",
        order,
        limit: 2,
        after: label,
      });
      return [all, labelled, after].map((page) => page && [page.items.map(timeless), page.hasMore]);
    }),
  );
  return await Promise.all([...ofKeys, ...found, ...lists]);
}

/** Without its times, but for whether it has them. */
function timeless<Each extends StoredRecord>(record: Each) {
  const { createdAt: _c, updatedAt: _u, expiresAt, dueAt, ...rest } = record;
  const name = JSON.stringify(record.key);
  return { ...rest, name, expires: expiresAt !== undefined, due: dueAt !== undefined };
}
