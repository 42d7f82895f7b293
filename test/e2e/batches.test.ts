import { afterAll, beforeAll, expect, test } from "bun:test";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Anyserve, startAnyserve } from "../support/anyserve/anyserve.ts";
import { type BatchClient, chatLine, createBatchClient } from "../support/batch-client.ts";
import { extent } from "../support/long.ts";
import { type Running, startServer } from "../support/oai-serve.ts";
import { type PostgresServer, startPostgres } from "../support/postgres.ts";
import { describePostgres, describePython } from "../support/prerequisites.ts";
import { until } from "../support/sources.ts";

/** Longer than another server needs to see that one has died, on a machine that is busy. */
const patienceMs = 90_000;

let anyserve: Anyserve;
let directory: string;
beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), "oai-serve-batches-"));
  anyserve = await startAnyserve({ echo: { delay: 0.02 }, gated: {} });
});
afterAll(async () => {
  await anyserve.stop();
  rmSync(directory, { recursive: true });
});

/** Lines that one server runs, and so those that are asked again when it dies. */
const atOnce = 4;
/** Of what each line says, and so of its answer. */
const words = 4;
const linesOf = (count: number) =>
  Array.from({ length: count }, (_, index) => chatLine(`n${index}`, "some words of text", { model: "any" }));
const clientOf = ({ url }: Running): BatchClient => createBatchClient(`${url}/v1`);

function serve(backend: string, store: string, ...args: string[]): Promise<Running> {
  const flags = [
    "--anyserve-endpoint",
    anyserve.endpoint(backend),
    "--model",
    "any",
    "--store",
    store,
    ...args,
  ];
  return startServer(flags, { directory, environment: { HOME: directory } });
}

/** That a batch is complete, and each of its lines has one result. */
async function expectWhole(client: BatchClient, id: string, count: number): Promise<void> {
  const ended = await client.ended(id);
  const written = (await client.lines(ended.output_file_id)).map(({ custom_id }) => custom_id ?? "");
  expect(ended).toMatchObject({
    status: "completed",
    request_counts: { total: count, completed: count, failed: 0 },
  });
  expect(written.toSorted()).toEqual(
    linesOf(count)
      .map(({ custom_id }) => custom_id)
      .toSorted(),
  );
}

describePython("a batch on SQLite", () => {
  let stores = 0;
  const newStore = () => `sqlite:${join(directory, `${stores++}.db`)}`;

  test(
    "B-32: goes on after its server was killed, wherever it was, and each line has one result",
    async () => {
      for (let round = 0; round < extent(1, 20); round++) {
        await anyserve.reset();
        const store = newStore();
        const count = 120;
        let id: string;
        {
          await using server = await serve("echo", store);
          const client = clientOf(server);
          ({ id } = await client.submit(linesOf(count)));
          const least = 10 + Math.floor(Math.random() * 60);
          await until(async () => (await client.get(id)).request_counts.completed > least, patienceMs);
        }

        await using next = await serve("echo", store);

        await expectWhole(clientOf(next), id, count);
        expect((await anyserve.generations("echo")).length).toBeWithin(count, count + atOnce + 1);
      }
    },
    patienceMs * extent(1, 20),
  );

  test(
    "B-33: goes on after its server was stopped, and no line is asked twice",
    async () => {
      await anyserve.reset();
      const store = newStore();
      let id: string;
      {
        await using server = await serve("echo", store);
        const client = clientOf(server);
        ({ id } = await client.submit(linesOf(100)));
        await until(async () => (await client.get(id)).request_counts.completed > 10, patienceMs);
        server.signal("SIGTERM");
        expect(await server.exited).toBe(0);
      }

      await using next = await serve("echo", store);

      await expectWhole(clientOf(next), id, 100);
      expect(await anyserve.generations("echo")).toHaveLength(100);
    },
    patienceMs,
  );

  test(
    "leaves lines for later that do not end within the grace",
    async () => {
      await anyserve.reset();
      const store = newStore();
      let id: string;
      {
        await using server = await serve("gated", store, "--shutdown-grace", "200ms");
        ({ id } = await clientOf(server).submit(linesOf(6)));
        await anyserve.waitFor({ backend: "gated", outcome: "running" }, { count: 4 });
        server.signal("SIGTERM");
        expect(await server.exited).toBe(0);
      }
      await anyserve.waitFor({ backend: "gated", outcome: "cancelled" }, { count: 4 });

      await anyserve.release("gated", 6 * words);
      await using next = await serve("gated", store);

      await expectWhole(clientOf(next), id, 6);
    },
    patienceMs,
  );

  test(
    "goes on under a new configuration, and no line is asked twice",
    async () => {
      await anyserve.reset();
      const file = join(directory, "reload.yaml");
      writeFileSync(file, "limits: { batch_concurrency: 4 }");
      await using server = await serve("gated", newStore(), "--config", file);
      const { id } = await clientOf(server).submit(linesOf(12));
      await anyserve.waitFor({ backend: "gated", outcome: "running" }, { count: 4 });

      writeFileSync(file, "limits: { batch_concurrency: 2 }");
      process.kill(server.pid, "SIGHUP");
      await server.line(/Configuration reloaded/);
      await anyserve.release("gated", 12 * words);

      await expectWhole(clientOf(server), id, 12);
      expect(await anyserve.generations("gated")).toHaveLength(12);
    },
    patienceMs,
  );
});

describePostgres("batches of replicas on one PostgreSQL", () => {
  let database: PostgresServer;
  beforeAll(async () => {
    database = await startPostgres();
  }, patienceMs);
  afterAll(async () => {
    await database[Symbol.asyncDispose]();
  });

  test(
    "B-34: are taken over from one that dies, and no line has two results",
    async () => {
      await anyserve.reset();
      const store = database.url();
      const replicas = await Promise.all([1, 2, 3].map(() => serve("echo", store)));
      try {
        const [first, second, third] = replicas.map(clientOf);
        if (first === undefined || second === undefined || third === undefined)
          throw new Error("no replicas");
        const made = [await first.submit(linesOf(150)), await first.submit(linesOf(150))];
        await until(async () => {
          const states = await Promise.all(made.map(({ id }) => second.get(id)));
          return states.every(({ request_counts }) => request_counts.completed > 10);
        }, patienceMs);

        await replicas[0]?.[Symbol.asyncDispose]();

        for (const { id } of made) await expectWhole(third, id, 150);
        expect((await anyserve.generations("echo")).length).toBeWithin(300, 300 + atOnce + 1);
      } finally {
        await Promise.all(replicas.map((replica) => replica[Symbol.asyncDispose]()));
      }
    },
    patienceMs,
  );

  test(
    "B-34: can be cancelled on any of them, within about a second",
    async () => {
      await anyserve.reset();
      const store = database.url();
      await using first = await serve("gated", store);
      const { id } = await clientOf(first).submit(linesOf(20));
      await anyserve.waitFor({ backend: "gated", outcome: "running" }, { count: 4 });
      await using second = await serve("gated", store);

      const begun = performance.now();
      const { status } = await clientOf(second).cancel(id);
      await anyserve.waitFor({ backend: "gated", outcome: "cancelled" }, { count: 4 });
      const tookMs = performance.now() - begun;

      expect(status).toBe("cancelling");
      expect(await clientOf(second).ended(id)).toMatchObject({ status: "cancelled" });
      expect(tookMs).toBeLessThan(5_000);
    },
    patienceMs,
  );
});
