import { afterAll, beforeAll, expect, test } from "bun:test";
import { createStore } from "../../../src/store/create-store.ts";
import { memoryLog } from "../../support/calls.ts";
import { failureOf } from "../../support/failure.ts";
import { extent } from "../../support/long.ts";
import { type PostgresServer, startPostgres } from "../../support/postgres.ts";
import { describePostgres } from "../../support/prerequisites.ts";
import { keyOf, put } from "../contract/bed.ts";
import { expectWhole, writeUntilKilled } from "../kills.ts";

const unavailable = { kind: "unavailable", code: "store_unavailable" };
const kills = extent(50, 1_000);
const crashes = extent(4, 40);

describePostgres("PostgreSQL", () => {
  let server: PostgresServer;
  beforeAll(async () => {
    server = await startPostgres();
  });
  afterAll(async () => {
    await server[Symbol.asyncDispose]();
  });

  test("may be away: what asks then fails, and it is used again when it is back", async () => {
    const log = memoryLog();
    const store = createStore(server.url(), log);
    await store.records.write([put(keyOf("a"), { text: "x" })]);
    await server.kill();

    expect(await failureOf(store.records.head(keyOf("a")))).toMatchObject(unavailable);
    expect(await failureOf(store.records.write([put(keyOf("b"))]))).toMatchObject(unavailable);
    expect(await failureOf(store.probe())).toMatchObject(unavailable);
    await server.start();

    expect(await store.records.head(keyOf("a"))).toMatchObject({ text: "x" });
    expect(await store.records.write([put(keyOf("b"))])).toMatchObject({ kind: "written" });
    await store.probe();
    expect(log.lines).toEqual(["error The store cannot be used", "info The store works again"]);
    expect(JSON.stringify(log.fields)).not.toContain("secret");
    await store.close();
  });

  test("may be away when the store is opened", async () => {
    const store = createStore(server.url(), memoryLog());
    await server.kill();

    await store.open();
    expect(await failureOf(store.records.head(keyOf("a")))).toMatchObject(unavailable);
    await server.start();

    expect(await store.records.write([put(keyOf("a"))])).toMatchObject({ kind: "written" });
    await store.close();
  });

  test("may cut connections: nobody notices", async () => {
    const store = createStore(server.url(), memoryLog());
    await store.records.write([put(keyOf("a"), { text: "x" })]);

    for (let round = 1; round <= 5; round++) {
      await server.admin`SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity
        WHERE application_name = 'oai-serve' AND pid <> pg_backend_pid()`;
      expect(await store.records.head(keyOf("a"))).toMatchObject({ text: "x" });
      expect(await store.records.write([put(keyOf("a"), { expectedVersion: round })])).toMatchObject({
        kind: "written",
      });
    }
    await store.close();
  });

  test("may have lost everything: a store begins anew", async () => {
    const url = server.url("emptied");
    const store = createStore(url, memoryLog());
    await store.records.write([put(keyOf("a"))]);

    await server.admin.unsafe("DROP SCHEMA emptied CASCADE").simple();

    expect(await store.records.head(keyOf("a"))).toBeUndefined();
    expect(await store.records.write([put(keyOf("a"))])).toMatchObject({ kind: "written" });
    await store.close();
  });

  test(
    "keeps what was acknowledged when the writing process is killed, and no write by halves",
    async () => {
      const url = server.url();
      const store = createStore(url, memoryLog());

      for (let round = 0; round < kills; round++) {
        const acknowledged = await writeUntilKilled(url, round);

        expect(acknowledged.size).toBeGreaterThan(0);
        await expectWhole(store.records, acknowledged);
      }
      await store.close();
    },
    kills * 10_000,
  );

  test(
    "keeps what was acknowledged when it is itself killed, and no write by halves",
    async () => {
      await using durable = await startPostgres({ fsync: true });
      const store = createStore(durable.url(), memoryLog());

      for (let round = 0; round < crashes; round++) {
        const acknowledged = new Map<string, number>();
        let acknowledgements = 0;
        const { promise: enough, resolve } = Promise.withResolvers<void>();
        const writeTo = async (id: string) => {
          for (let version = 0; ; version++) {
            await store.records.write([
              put(keyOf(id), { append: [{ text: "Q" }, { text: "A" }], expectedVersion: version }),
              put(keyOf(id, "", "completion"), { text: String(version + 1), expectedVersion: version }),
            ]);
            acknowledged.set(id, version + 1);
            if (++acknowledgements === 20 + ((round * 37) % 100)) resolve();
          }
        };
        const failures = [0, 1, 2, 3].map((index) => failureOf(writeTo(`${round}-${index}`)));
        await enough;
        await durable.kill();
        for (const failure of await Promise.all(failures)) expect(failure).toMatchObject(unavailable);
        await durable.start();

        await expectWhole(store.records, acknowledged);
      }
      await store.close();
    },
    crashes * 20_000,
  );
});
