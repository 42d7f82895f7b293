import { afterAll, afterEach, beforeAll, describe, expect, test } from "bun:test";
import { join } from "node:path";
import { createStore } from "../../../src/store/create-store.ts";
import { inspectDatabase } from "../../../src/store/postgres/inspect-database.ts";
import { readPostgresUrl } from "../../../src/store/postgres/read-url.ts";
import type { Store } from "../../../src/store/store.ts";
import { describeCause } from "../../../src/telemetry/cause.ts";
import { memoryLog } from "../../support/calls.ts";
import { failureOf } from "../../support/failure.ts";
import { type PostgresServer, postgresPassword, startPostgres } from "../../support/postgres.ts";
import { describePostgres } from "../../support/prerequisites.ts";
import { expectClaimedOnce } from "../claimers.ts";
import { hour, idsOf, keyOf, put } from "../contract/bed.ts";

const unavailable = { kind: "unavailable", code: "store_unavailable" };

describePostgres("a database", () => {
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

  const open = (url: string, options: Parameters<typeof createStore>[2] = {}, log = memoryLog()) => {
    const store = createStore(url, log, options);
    stores.push(store);
    return store;
  };

  test("is not asked before the first call", async () => {
    const url = server.url();
    await createStore(url, memoryLog()).close();

    const [row] = await server.admin`SELECT to_regnamespace(${schemaOf(url)}) AS schema`;
    expect(row.schema).toBeNull();
  });

  test("keeps its records when a store is closed", async () => {
    const url = server.url();
    const first = createStore(url, memoryLog());
    await first.records.write([put(keyOf("a"), { text: "x" })]);
    await first.close();

    expect(await open(url).records.head(keyOf("a"))).toMatchObject({ text: "x" });
  });

  test("is reached by its socket", async () => {
    const host = encodeURIComponent(server.socket);
    const url = `postgres://tester@localhost:${server.port}/postgres?host=${host}&schema=by_socket`;

    expect(await open(url).records.write([put(keyOf("a"))])).toMatchObject({ kind: "written" });
  });

  test("is the one of the URL, whatever the environment names", async () => {
    const url = server.url("named");
    const elsewhere = "postgres://nobody:x@127.0.0.1:1/nowhere";
    const child = Bun.spawn([process.execPath, join(import.meta.dir, "../claimer.ts"), url], {
      env: {
        ...process.env,
        DATABASE_URL: `${elsewhere}?connection_limit=5&sslmode=verify-full`,
        TLS_DATABASE_URL: elsewhere,
        PGDATABASE: "nowhere",
        PGHOST: "127.0.0.9",
        PGUSER: "nobody",
      },
      stderr: "inherit",
    });

    expect(await child.exited).toBe(0);
    expect(await server.admin`SELECT 1 FROM pg_tables WHERE schemaname = 'named'`).not.toHaveLength(0);
  });

  test("that is new is made ready once by many who open it at the same time", async () => {
    const url = server.url();
    const many = Array.from({ length: 6 }, () => open(url));

    const results = await Promise.all(many.map(({ records }) => records.write([put(keyOf("a"))])));

    expect(results.filter(({ kind }) => kind === "written")).toHaveLength(1);
  });

  test("has one schema for each store", async () => {
    const [one, other] = [open(server.url()), open(server.url())];
    await one.records.write([put(keyOf("a"))]);

    expect(await other.records.head(keyOf("a"))).toBeUndefined();
  });

  describe("that cannot be used fails what asks, and is left alone", () => {
    const setups: readonly [what: string, sql: (schema: string) => string, reason: string][] = [
      [
        "of a later version",
        (schema) =>
          `CREATE TABLE ${schema}.oai_serve (version integer); INSERT INTO ${schema}.oai_serve VALUES (9999)`,
        "version 9999",
      ],
      [
        "with tables of another program",
        (schema) => `CREATE TABLE ${schema}.records (a integer)`,
        "another program",
      ],
    ];
    for (const [what, sql, reason] of setups) {
      test(what, async () => {
        const url = server.url();
        const schema = schemaOf(url);
        await server.admin.unsafe(`CREATE SCHEMA ${schema}; ${sql(schema)}`).simple();
        const log = memoryLog();
        const store = open(url, {}, log);

        const failures = [
          await failureOf(store.open()),
          await failureOf(store.records.head(keyOf("a"))),
          await failureOf(store.records.write([put(keyOf("a"))])),
        ];

        for (const failure of failures) expect(failure).toMatchObject(unavailable);
        expect(describeCause(failures[0])).toContain(reason);
        expect(await failureOf(inspectDatabase(readPostgresUrl(url)))).toMatchObject({
          message: expect.stringContaining(reason),
        });
        expect(log.lines).toEqual(["error The store cannot be used"]);
        const tables = await server.admin`SELECT tablename FROM pg_tables WHERE schemaname = ${schema}`;
        expect(tables).toHaveLength(1);
      });
    }

    test("with another password, of which nothing is said", async () => {
      const url = server.url().replace(encodeURIComponent(postgresPassword), "wrong-secret");
      const log = memoryLog();
      const store = open(url, {}, log);

      const failure = await failureOf(store.open());
      await failureOf(store.records.head(keyOf("a")));

      expect(failure).toMatchObject(unavailable);
      const said = [String(failure), describeCause(failure), JSON.stringify([log.lines, log.fields])].join(
        "\n",
      );
      expect(said).toContain("password authentication failed");
      expect(said).not.toMatch(/secret|127\.0\.0\.1/);
    });

    test("whose user may not make a schema, until there is one for that user", async () => {
      await server.admin.unsafe(`CREATE ROLE lowly LOGIN PASSWORD 'p'`).simple();
      const url = `postgres://lowly:p@127.0.0.1:${server.port}/postgres?schema=given`;
      const location = readPostgresUrl(url);

      expect(await failureOf(inspectDatabase(location))).toMatchObject({
        message: "The user 'lowly' may not make the schema 'given' in the database 'postgres'.",
      });
      expect(await failureOf(open(url).open())).toMatchObject(unavailable);
      await server.admin.unsafe("CREATE SCHEMA given AUTHORIZATION lowly").simple();
      await inspectDatabase(location);

      expect(await open(url).records.write([put(keyOf("a"))])).toMatchObject({ kind: "written" });
    });

    test("that is not in UTF-8", async () => {
      await server.admin.unsafe("CREATE DATABASE latin ENCODING 'LATIN1' TEMPLATE template0");
      const url = server.url().replace("/postgres?", "/latin?");

      expect(await failureOf(inspectDatabase(readPostgresUrl(url)))).toMatchObject({
        message: "The database is in LATIN1; it must be in UTF8.",
      });
      expect(await failureOf(open(url).open())).toMatchObject(unavailable);
    });

    test("that takes no writes is found by a look", async () => {
      await server.admin.unsafe("CREATE ROLE reader LOGIN PASSWORD 'p'").simple();
      await server.admin.unsafe("ALTER ROLE reader SET default_transaction_read_only = on").simple();
      const url = `postgres://reader:p@127.0.0.1:${server.port}/postgres?schema=not_there`;

      expect(await failureOf(inspectDatabase(readPostgresUrl(url)))).toMatchObject({
        message: "The database takes no writes.",
      });
      expect(await failureOf(open(url).probe())).toMatchObject(unavailable);
    });
  });

  test("that would be a store is looked at without making anything", async () => {
    const url = server.url();

    await inspectDatabase(readPostgresUrl(url));

    const [row] = await server.admin`SELECT to_regnamespace(${schemaOf(url)}) AS schema`;
    expect(row.schema).toBeNull();
  });

  test("counts by its own clock, whatever those of the servers say", async () => {
    const url = server.url();
    const wrong = [-24 * hour, 24 * hour].map((off) =>
      open(url, { now: () => Date.now() + off, expireMs: () => hour }),
    );
    const [behind, ahead] = wrong.map(({ records }) => records);
    await behind?.write([put(keyOf("a"), { dueInMs: hour })]);
    await ahead?.write([put(keyOf("b"), { dueInMs: 0, expireInMs: hour })]);

    expect(await ahead?.head(keyOf("a"))).toBeDefined();
    expect(await behind?.head(keyOf("b"))).toBeDefined();
    expect((await ahead?.claim("response", { leaseMs: hour, limit: 9 }))?.map(({ key }) => key.id)).toEqual([
      "b",
    ]);
    expect(await behind?.claim("response", { leaseMs: hour, limit: 9 })).toEqual([]);
    const made = (await behind?.head(keyOf("a")))?.createdAt ?? 0;
    expect(Math.abs(made - Date.now())).toBeLessThan(60_000);
  });

  test("gives each thing that is due to one of several processes", async () => {
    const url = server.url();
    const store = open(url);
    await store.records.write(
      Array.from({ length: 100 }, (_, index) => put(keyOf(String(index), "", "batch"), { dueInMs: 0 })),
    );

    await expectClaimedOnce(url, 100);
  });

  test("loses none of the turns that several servers add to one record", async () => {
    const url = server.url();
    const servers = [open(url), open(url), open(url)];

    await Promise.all(
      servers.flatMap(({ records }, index) =>
        Array.from({ length: 10 }, async (_, turn) => {
          for (;;) {
            const expectedVersion = (await records.head(keyOf("shared")))?.version ?? 0;
            const append = [{ text: `${index}-${turn}` }];
            const result = await records.write([put(keyOf("shared"), { expectedVersion, append })]);
            if (result.kind === "written") return;
          }
        }),
      ),
    );

    const list = (await servers[0]?.records.read(keyOf("shared")))?.list ?? [];
    expect(list).toHaveLength(30);
    expect(new Set(list.map(({ text }) => text)).size).toBe(30);
  });

  test("is written by several servers at once, in every order, without one in the other's way", async () => {
    const url = server.url();
    const servers = [open(url), open(url), open(url)];
    const owners = ["a", "b", "c"];

    const results = await Promise.all(
      servers.flatMap(({ records }, index) =>
        Array.from({ length: 40 }, async (_, round) => {
          const id = `${index}-${round}`;
          const order = round % 2 === 0 ? owners : owners.toReversed();
          return await records.write(
            order.flatMap((owner) => [put(keyOf(id, owner)), put(keyOf(id, owner, "conversation"))]),
          );
        }),
      ),
    );

    expect(results.every(({ kind }) => kind === "written")).toBe(true);
    const [one] = servers;
    expect(one && (await idsOf(one.records))).toHaveLength(360);
    const [counted] = await server.admin.unsafe(
      `SELECT sum(record_count)::int AS records FROM ${schemaOf(url)}.shelves`,
    );
    expect(counted.records).toBe(720);
  });

  test("pushes out the oldest of all servers' records, and counts them right", async () => {
    const url = server.url();
    const servers = [1, 2].map(() => open(url, { maxPerOwner: () => 20, maxTotalBytes: () => 40_000 }));
    const owners = ["a", "b", "c"];

    await Promise.all(
      servers.flatMap(({ records }, index) =>
        Array.from({ length: 60 }, (_, round) =>
          records.write([put(keyOf(`${index}-${round}`, owners[round % 3]), { text: "x".repeat(1_000) })]),
        ),
      ),
    );

    const schema = schemaOf(url);
    const [sums] = await server.admin.unsafe(`SELECT
      (SELECT sum(record_count)::int FROM ${schema}.shelves) AS counted, (SELECT count(*)::int FROM ${schema}.records) AS there,
      (SELECT sum(bytes)::int FROM ${schema}.shelves) AS bytes, (SELECT sum(bytes)::int FROM ${schema}.records) AS measured`);
    expect(sums.counted).toBe(sums.there);
    expect(sums.bytes).toBe(sums.measured);
    expect(sums.bytes).toBeLessThan(60_000);
  });
});

function schemaOf(url: string): string {
  return readPostgresUrl(url).schema;
}
