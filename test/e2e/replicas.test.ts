import { afterAll, beforeAll, expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import OpenAI from "openai-node-7";
import { failureOf } from "../support/failure.ts";
import { type Running, startServer } from "../support/oai-serve.ts";
import { type PostgresServer, startPostgres } from "../support/postgres.ts";
import { describePostgres } from "../support/prerequisites.ts";

const longMs = 90_000;
const asked = { model: "demo", max_output_tokens: 8 };

describePostgres("three servers on one PostgreSQL are one:", () => {
  let directory: string;
  let database: PostgresServer;
  let servers: readonly [Running, Running, Running];
  let clients: readonly [OpenAI, OpenAI, OpenAI];
  beforeAll(async () => {
    directory = mkdtempSync(join(tmpdir(), "oai-serve-replicas-"));
    database = await startPostgres();
    const store = database.url();
    servers = await Promise.all([serve(store), serve(store), serve(store)]);
    const [one, two, three] = servers;
    clients = [connect(one), connect(two), connect(three)];
  }, longMs);
  afterAll(async () => {
    for (const server of servers) await server[Symbol.asyncDispose]();
    await database[Symbol.asyncDispose]();
    rmSync(directory, { recursive: true });
  });

  function serve(store: string): Promise<Running> {
    return startServer(["--demo-delay", "100ms", "--store", store], {
      directory,
      environment: { HOME: directory },
    });
  }

  test("a chain goes on from one to the next", async () => {
    const [one, two, three] = clients;

    const first = await one.responses.create({ ...asked, input: "The first." });
    const second = await two.responses.create({
      ...asked,
      input: "The second.",
      previous_response_id: first.id,
    });
    const third = await three.responses.create({
      ...asked,
      input: "The third.",
      previous_response_id: second.id,
    });

    const tokens = [first, second, third].map(({ usage }) => usage?.input_tokens ?? 0);
    expect(tokens).toEqual(tokens.toSorted((less, more) => less - more));
    expect(new Set(tokens).size).toBe(3);
    expect(await two.responses.retrieve(first.id)).toMatchObject({ id: first.id, output: first.output });
    await two.responses.delete(third.id);
    expect(await failureOf(one.responses.retrieve(third.id))).toMatchObject({ status: 404 });
  });

  test("a conversation is written by all of them, and loses nothing", async () => {
    const { id } = await clients[0].conversations.create();

    await Promise.all(
      clients.map((client, index) =>
        client.conversations.items.create(id, {
          items: [{ type: "message", role: "user", content: `From ${index}.` }],
        }),
      ),
    );

    const items = await Array.fromAsync(clients[1].conversations.items.list(id));
    expect(items).toHaveLength(3);
    for (const index of [0, 1, 2]) expect(JSON.stringify(items)).toContain(`From ${index}.`);
  });

  test("what one works on in the background, another cancels and a third reads", async () => {
    const [one, two, three] = clients;
    const id = await begin(one);

    const cancelled = await two.responses.cancel(id);

    expect(cancelled.status).toBe("cancelled");
    expect(await three.responses.retrieve(id)).toMatchObject({ status: "cancelled" });
  });

  test(
    "of one that is killed, the others have what it had stored, and end once what it worked on",
    async () => {
      const [killed, two, three] = clients;
      const kept = await killed.responses.create({ ...asked, input: "Kept." });
      const id = await begin(killed);
      process.kill(servers[0].pid, "SIGKILL");
      await servers[0].exited;

      const next = await two.responses.create({ ...asked, input: "Next.", previous_response_id: kept.id });
      const soon = await three.responses.retrieve(id);
      // Who follows it waits until its lease has run out.
      const failures = await Promise.all([follow(two, id), follow(three, id)].map(failureOf));

      expect(next.previous_response_id).toBe(kept.id);
      expect(soon.status).toBe("in_progress");
      for (const failure of failures) expect(failure).toMatchObject({ code: "server_error" });
      expect(await three.responses.retrieve(id)).toMatchObject({ status: "failed" });
    },
    longMs,
  );
});

function connect({ url }: Running): OpenAI {
  return new OpenAI({ baseURL: `${url}/v1`, apiKey: "unused", maxRetries: 0 });
}

/** A response in the background, of which something has come already. */
async function begin({ responses }: OpenAI): Promise<string> {
  const events = await responses.create({ model: "demo", input: "hi", background: true, stream: true });
  let id = "";
  for await (const event of events) {
    if (event.type === "response.created") id = event.response.id;
    if (event.type === "response.output_text.delta") break;
  }
  return id;
}

/** Reads the events of a response to its end. Rejects with its failure. */
async function follow({ responses }: OpenAI, id: string): Promise<void> {
  for await (const _ of await responses.retrieve(id, { stream: true }));
}
