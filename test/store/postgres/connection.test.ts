import { afterAll, afterEach, beforeAll, expect, test } from "bun:test";
import { createStore } from "../../../src/store/create-store.ts";
import { createPostgresStore } from "../../../src/store/postgres/postgres-store.ts";
import { readPostgresUrl } from "../../../src/store/postgres/read-url.ts";
import type { RecordStore } from "../../../src/store/records.ts";
import type { Store } from "../../../src/store/store.ts";
import { memoryLog } from "../../support/calls.ts";
import { failureOf } from "../../support/failure.ts";
import { type PostgresServer, startPostgres } from "../../support/postgres.ts";
import { describePostgres } from "../../support/prerequisites.ts";
import { startTcpRelay } from "../../support/tcp-relay.ts";
import { keyOf, put } from "../contract/bed.ts";

const unavailable = { kind: "unavailable", code: "store_unavailable" };
/** No call takes longer, whatever the server does; the promise is ten seconds. */
const longestMs = 15_000;

describePostgres("a connection to PostgreSQL", () => {
  let server: PostgresServer;
  const stores: Store[] = [];
  beforeAll(async () => {
    server = await startPostgres();
  });
  afterEach(async () => {
    for (const store of stores.splice(0)) await store.close();
  });
  afterAll(async () => {
    await server[Symbol.asyncDispose]();
  });

  test("that is refused fails every call at once", async () => {
    const { records } = createStore(server.url(), memoryLog());
    await server.kill();

    const started = performance.now();
    const failures = await Promise.all(everyCall(records).map(failureOf));
    const took = performance.now() - started;
    await server.start();

    for (const failure of failures) expect(failure).toMatchObject(unavailable);
    expect(took).toBeLessThan(longestMs);
  });

  test("over which nothing comes any more is given up, and another one made", async () => {
    const relay = await startTcpRelay(server.port);
    const location = { ...readPostgresUrl(server.url()), port: relay.port };
    const options = {
      log: memoryLog(),
      now: Date.now,
      expireMs: () => 0,
      maxPerOwner: () => 100,
      maxTotalBytes: () => 1e9,
    };
    const limits = { jobMs: 3_000, maxJobs: 100, maxCharacters: 1e6, pauseMs: 0 };
    const store = createPostgresStore(location, options, limits);
    stores.push(store);
    await store.records.write([put(keyOf("a"))]);

    relay.hold();
    const failures = await Promise.all(everyCall(store.records).map(failureOf));
    relay.cut();

    for (const failure of failures) expect(failure).toMatchObject(unavailable);
    expect(await store.records.write([put(keyOf("c"))])).toMatchObject({ versions: [1] });
    expect(await store.records.head(keyOf("b"))).toBeUndefined();
    relay.close();
  }, 30_000);

  test("that waits for a lock of somebody else's does not wait for long", async () => {
    const schema = "locked";
    const store = createStore(server.url(schema), memoryLog());
    stores.push(store);
    const { records } = store;
    await records.write([put(keyOf("a"))]);
    const holder = await server.admin.reserve();
    await holder.unsafe("BEGIN").simple();
    await holder.unsafe(`SELECT 1 FROM ${schema}.shelves FOR UPDATE`);

    const started = performance.now();
    const writes = Array.from({ length: 5 }, (_, index) => records.write([put(keyOf(`b${index}`))]));
    const failures = await Promise.all(writes.map(failureOf));
    const took = performance.now() - started;
    const read = await records.head(keyOf("a"));
    await holder.unsafe("ROLLBACK").simple();
    await holder.release();

    for (const failure of failures) expect(failure).toMatchObject(unavailable);
    expect(took).toBeLessThan(longestMs);
    expect(read).toMatchObject({ version: 1 });
    expect(await records.write([put(keyOf("b0"))])).toMatchObject({ versions: [1] });
  }, 30_000);
});

/** One call of each kind. */
function everyCall(records: RecordStore): Promise<unknown>[] {
  const key = keyOf("a");
  return [
    records.head(key),
    records.read(key),
    records.chain(key, 10),
    records.entries(key, { order: "asc", limit: 1 }),
    records.findEntry(["response"], "", "e"),
    records.list({ collection: "response", order: "asc", limit: 1 }),
    records.claim("response", { leaseMs: 1, limit: 1 }),
    records.write([put(keyOf("b"))]),
    records.write([{ kind: "delete", key }]),
  ];
}
