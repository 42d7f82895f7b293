import { afterAll, beforeAll, expect, test } from "bun:test";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import OpenAI from "openai-node-7";
import { extent } from "../support/long.ts";
import { type Ended, runToEnd, type Running, startServer } from "../support/oai-serve.ts";

const agent = `
import { defineAgent } from "oai-serve";

export const crew = defineAgent({
  name: "crew",
  async *run({ messages }) {
    const heard = messages.filter(({ role }) => role === "user").map(({ content }) => content);
    for (const each of heard) yield each + " ";
  },
});
`;

let directory: string;
let store: string;
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), "oai-serve-conversations-"));
  writeFileSync(join(directory, "crew.ts"), agent);
});
afterAll(() => rmSync(directory, { recursive: true }));

let stores = 0;
function newStore(): void {
  store = `sqlite:${join(directory, `${stores++}.db`)}`;
}

function serve(): Promise<Running> {
  return startServer(["--agent", join(directory, "crew.ts"), "--store", store], {
    directory,
    environment: { HOME: directory },
  });
}

function command(...args: string[]): Promise<Ended> {
  return runToEnd(["conversations", ...args, "--store", store], { environment: { HOME: directory } });
}

async function ask(server: Running, question: string, id: string): Promise<string> {
  const response = await fetch(`${server.url}/v1/chat/completions`, {
    method: "POST",
    headers: { "x-conversation-id": id },
    body: JSON.stringify({ model: "crew", messages: [{ role: "user", content: question }] }),
  });
  const body: { choices: { message: { content: string } }[] } = JSON.parse(await response.text());
  return body.choices[0]?.message.content ?? "";
}

test("a conversation goes on after the server was killed", async () => {
  newStore();
  for (const question of ["one", "two"]) {
    await using server = await serve();
    await ask(server, question, "c1");
  }

  await using server = await serve();

  expect(await ask(server, "three", "c1")).toBe("one two three ");
});

test("what was stored through other routes is there after a kill, whole", async () => {
  newStore();
  let id = "";
  let completion = "";
  {
    await using server = await serve();
    const client = new OpenAI({ baseURL: `${server.url}/v1`, apiKey: "none", maxRetries: 0 });
    ({ id } = await client.conversations.create({
      metadata: { topic: "kill" },
      items: [{ role: "user", content: "one" }],
    }));
    await ask(server, "two", id);
    ({ id: completion } = await client.chat.completions.create({
      model: "crew",
      messages: [{ role: "user", content: "three" }],
      store: true,
    }));
  }

  await using server = await serve();
  const client = new OpenAI({ baseURL: `${server.url}/v1`, apiKey: "none", maxRetries: 0 });

  expect((await client.conversations.retrieve(id)).metadata).toEqual({ topic: "kill" });
  expect(await Array.fromAsync(client.conversations.items.list(id))).toHaveLength(3);
  expect(await ask(server, "three", id)).toBe("one two three ");
  expect((await client.chat.completions.retrieve(completion)).choices[0]?.message.content).toBe("three ");
});

test("two servers with one store lose no turn of a conversation", async () => {
  newStore();
  await using one = await serve();
  await using other = await serve();
  const turns = extent(10, 100);

  await Promise.all(
    [one, other].map(async (server, index) => {
      for (let turn = 0; turn < turns; turn++) await ask(server, `q${index}.${turn}`, "c1");
    }),
  );

  const heard = (await ask(one, "last", "c1")).trim().split(" ");
  expect(heard).toHaveLength(2 * turns + 1);
  expect(new Set(heard).size).toBe(2 * turns + 1);
});

test("an operator lists, reads and deletes conversations", async () => {
  newStore();
  await using server = await serve();
  await ask(server, "one", "c1");
  await ask(server, "two", "c2");

  const list = await command("list");
  const shown = await command("show", "c1");
  const deleted = await command("delete", "c1");
  const missing = await command("show", "c1");

  expect(list.stdout).toMatch(/^\S+Z {2}c2 {2}crew {2}items=2\n\S+Z {2}c1 {2}crew {2}items=2\n$/);
  expect(shown).toMatchObject({ code: 0, stdout: "user: one\nassistant: one \n" });
  expect(deleted).toMatchObject({ code: 0, stdout: "✓ Deleted c1\n" });
  expect(missing.code).not.toBe(0);
  expect(await ask(server, "again", "c1")).toBe("again ");
});

test("the official client keeps a conversation by its id, streamed or not", async () => {
  newStore();
  await using server = await serve();
  const client = new OpenAI({ baseURL: `${server.url}/v1`, apiKey: "none", maxRetries: 0 });
  const messages = [{ role: "user" as const, content: "one" }];

  const first = await client.chat.completions.create({ model: "crew", messages });
  const id: unknown = Reflect.get(first, "conversation_id");
  const stream = await client.chat.completions.create(
    { model: "crew", messages: [{ role: "user", content: "two" }], stream: true },
    { headers: { "X-Conversation-Id": String(id) } },
  );
  let text = "";
  const ids: unknown[] = [];
  for await (const chunk of stream) {
    text += chunk.choices[0]?.delta.content ?? "";
    ids.push(Reflect.get(chunk, "conversation_id"));
  }

  expect(id).toMatch(/^conv_[A-Za-z0-9]{24}$/);
  expect(text).toBe("one two ");
  expect([ids[0], ids.at(-1)]).toEqual([id, id]);
});

test("a store that breaks fails named conversations only, and says so once", async () => {
  newStore();
  await using server = await serve();
  // It has been made by then.
  await ask(server, "Hi", "c0");
  const path = store.replace("sqlite:", "");
  for (const end of ["", "-wal", "-shm"]) writeFileSync(`${path}${end}`, "no database ".repeat(10_000));
  const post = (headers: Record<string, string>) =>
    fetch(`${server.url}/v1/chat/completions`, {
      method: "POST",
      headers,
      body: JSON.stringify({ model: "crew", messages: [{ role: "user", content: "Hi" }] }),
    });

  const named = await Promise.all([post({ "x-conversation-id": "c1" }), post({ "x-conversation-id": "c2" })]);
  const unnamed = await post({});

  expect(named.map(({ status }) => status)).toEqual([503, 503]);
  expect(await named[0]?.json()).toMatchObject({ error: { code: "store_unavailable" } });
  expect(unnamed.status).toBe(200);
  expect(server.output().match(/The store cannot be used/g)).toHaveLength(1);
});
