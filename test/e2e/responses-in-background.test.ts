import { afterAll, beforeAll, expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import OpenAI from "openai-node-7";
import { rejection } from "../support/rejection.ts";
import { type Running, startServer } from "../support/oai-serve.ts";

let directory: string;
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), "oai-serve-background-"));
});
afterAll(() => rmSync(directory, { recursive: true }));

let stores = 0;
const newStore = () => `sqlite:${join(directory, `${stores++}.db`)}`;

function serve(store: string, delay = "200ms"): Promise<Running> {
  return startServer(["--demo-delay", delay, "--shutdown-grace", "2s", "--store", store], {
    directory,
    environment: { HOME: directory },
  });
}

function connect({ url }: Running): OpenAI {
  return new OpenAI({ baseURL: `${url}/v1`, apiKey: "unused", maxRetries: 0 });
}

/** A response that is being worked on, of which something has come already. */
async function begin(server: Running): Promise<string> {
  const { responses } = connect(server);
  const events = await responses.create({ model: "demo", input: "hi", background: true, stream: true });
  let id = "";
  for await (const event of events) {
    if (event.type === "response.created") id = event.response.id;
    if (event.type === "response.output_text.delta") break;
  }
  return id;
}

test("a server that stops waits for it, and keeps what has come when its patience ends", async () => {
  const store = newStore();
  let id: string;
  {
    await using server = await serve(store);
    id = await begin(server);

    server.signal("SIGTERM");

    expect(await server.exited).toBe(0);
  }
  await using next = await serve(store);

  const kept = await connect(next).responses.retrieve(id);

  expect(kept.status).toBe("failed");
  expect(kept.error?.message).toContain("shutting down");
  expect(kept.output_text).toMatch(/\S/);
});

test("one that is done in time is complete", async () => {
  const store = newStore();
  let id: string;
  {
    await using server = await serve(store, "5ms");
    id = await begin(server);

    server.signal("SIGTERM");
    await server.exited;
  }
  await using next = await serve(store);

  expect((await connect(next).responses.retrieve(id)).status).toBe("completed");
});

test("of a server that was killed, another one ends it with what was written", async () => {
  const store = newStore();
  const killed = await serve(store);
  const id = await begin(killed);
  await killed[Symbol.asyncDispose]();
  await using next = await serve(store);
  const { responses } = connect(next);

  // Nobody may end it before its lease has run out; who reads it waits for that.
  const soon = await responses.retrieve(id);
  const failure = await rejection(responses.stream({ response_id: id }).finalResponse());
  const late = await responses.retrieve(id);

  expect(soon.status).toBe("in_progress");
  expect(late).toMatchObject({ status: "failed", error: { code: "server_error" } });
  expect(late.output_text).toMatch(/\S/);
  expect(failure).toMatchObject({ code: "server_error" });
}, 60_000);

test("two servers with one store are one: what one works on, the other reads and cancels", async () => {
  const store = newStore();
  await using one = await serve(store);
  await using other = await serve(store);
  const id = await begin(one);

  const cancelled = await connect(other).responses.cancel(id);
  const events = await connect(other).responses.retrieve(id, { stream: true });
  const types: string[] = [];
  for await (const { type } of events) types.push(type);
  const next = await connect(one).responses.create({
    model: "demo",
    input: "And now?",
    previous_response_id: id,
    max_output_tokens: 4,
  });

  expect(cancelled).toMatchObject({ status: "cancelled", output: [{ status: "incomplete" }] });
  expect([types[0], types.at(-1)]).toEqual(["response.created", "response.incomplete"]);
  expect(next.status).toBe("incomplete");
}, 60_000);
