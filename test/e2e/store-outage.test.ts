import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import OpenAI from "openai-node-7";
import { failureOf } from "../support/failure.ts";
import { type Running, startServer } from "../support/oai-serve.ts";
import { type PostgresServer, startPostgres } from "../support/postgres.ts";
import { describePostgres } from "../support/prerequisites.ts";

const unavailable = { status: 503, code: "store_unavailable" };

/** Takes what the store is on away, and gives it back. */
interface Outage {
  begin: () => Promise<void>;
  end: () => Promise<void>;
  /** What is stored already can be read meanwhile. */
  isReadable: boolean;
}

/** What clients and operators see while nothing can be stored, and after it. */
async function expectDegradation(server: Running, { begin, end, isReadable }: Outage): Promise<void> {
  const client = new OpenAI({ baseURL: `${server.url}/v1`, apiKey: "none", maxRetries: 0 });
  const asked = { model: "demo", input: "Hi", max_output_tokens: 16 };
  const health = async (status: string) => {
    const expected = JSON.stringify([200, { status: "healthy", store: { status } }]);
    for (;;) {
      const response = await fetch(`${server.url}/health`);
      if (JSON.stringify([response.status, await response.json()]) === expected) return;
      // The answer is a new one once it is a second old.
      await Bun.sleep(100);
    }
  };
  const first = await client.responses.create(asked);
  await health("ok");

  await begin();

  expect(await failureOf(client.responses.create({ ...asked, store: true }))).toMatchObject(unavailable);
  expect(await failureOf(client.conversations.create())).toMatchObject(unavailable);
  expect(await client.responses.create({ ...asked, store: false })).toMatchObject({ status: "incomplete" });
  expect(await client.responses.create(asked)).toMatchObject({ status: "incomplete", store: false });
  const chat = { model: "demo", messages: [{ role: "user" as const, content: "Hi" }], max_tokens: 4 };
  expect((await client.chat.completions.create(chat)).choices).toHaveLength(1);
  const retrieved = await client.responses.retrieve(first.id).catch((error: unknown) => error);
  expect(retrieved).toMatchObject(isReadable ? { id: first.id } : unavailable);
  await server.line(/The store cannot be used/);
  await health("unavailable");

  await end();

  await health("ok");
  await server.line(/The store works again/);
  const next = await client.responses.create({ ...asked, previous_response_id: first.id });
  expect((await client.responses.retrieve(next.id)).previous_response_id).toBe(first.id);
}

describe("a full disk", () => {
  let directory: string;
  beforeAll(() => {
    directory = mkdtempSync(join(tmpdir(), "oai-serve-full-"));
  });
  afterAll(() => rmSync(directory, { recursive: true }));

  test("keeps nothing from being generated, and fails what is to be stored", async () => {
    await using server = await startServer(["--store", `sqlite:${join(directory, "store.db")}`], {
      // A write that the limit of file sizes forbids fails then, as on a full disk.
      through: ["sh", "-c", 'trap "" XFSZ; exec "$0" "$@"'],
    });

    await expectDegradation(server, {
      isReadable: true,
      begin: () => limitFiles(server, "0:unlimited"),
      end: () => limitFiles(server, "unlimited:unlimited"),
    });
  });
});

describePostgres("a database that is away", () => {
  let postgres: PostgresServer;
  beforeAll(async () => {
    postgres = await startPostgres();
  });
  afterAll(async () => {
    await postgres[Symbol.asyncDispose]();
  });

  test("keeps nothing from being generated, and fails what is to be stored", async () => {
    await using server = await startServer(["--store", postgres.url()]);

    await expectDegradation(server, {
      isReadable: false,
      begin: () => postgres.kill(),
      end: () => postgres.start(),
    });
    expect(server.output()).not.toContain("secret");
  });

  test("does not keep a server from starting", async () => {
    await postgres.kill();
    await using server = await startServer(["--store", postgres.url()]);
    const client = new OpenAI({ baseURL: `${server.url}/v1`, apiKey: "none", maxRetries: 0 });
    const asked = { model: "demo", input: "Hi", max_output_tokens: 16 };

    expect(await failureOf(client.responses.create({ ...asked, store: true }))).toMatchObject(unavailable);
    expect(await client.responses.create(asked)).toMatchObject({ status: "incomplete", store: false });
    await postgres.start();

    const response = await client.responses.create({ ...asked, store: true });
    expect((await client.responses.retrieve(response.id)).id).toBe(response.id);
  });
});

async function limitFiles({ pid }: Running, sizes: string): Promise<void> {
  const code = await Bun.spawn(["prlimit", `--pid=${pid}`, `--fsize=${sizes}`], { stderr: "inherit" }).exited;
  expect(code).toBe(0);
}
