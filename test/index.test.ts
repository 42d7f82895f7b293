import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { childLines } from "./support/child-lines.ts";
import { nodeGenerations } from "./support/clients/node.ts";
import { user } from "./support/openai-wire.ts";

const root = join(import.meta.dir, "..");

/** Two servers in one program, which closes them as it is told on its standard input. */
const twoServers = `
import { createRegistry, createServer, defineAgent, END, Graph, type Registry } from "oai-serve";

const graph = new Graph({ name: "drafts" });
graph.addNode("write", async function* (ctx) {
  yield "draft of ";
  yield ctx.userQuery;
});
graph.addEdge("write", END);

const registry: Registry = createRegistry();
registry.register("echo", defineAgent({ name: "echo", run: ({ userQuery }) => "echo: " + userQuery }));
registry.register("drafts", graph, { default: true });
const other = createRegistry().register("other", async ({ generate }) => await generate({ model: "inner" }).text());
other.register("inner", () => "from within", { private: true });

const servers = [
  await createServer(registry).listen({ port: 0 }),
  await createServer(other).listen({ port: 0, host: "127.0.0.1" }),
];
console.log("urls " + JSON.stringify(servers.map(({ url }) => url)));
for await (const line of console) {
  await servers[Number(line)]?.close();
  console.log("closed " + line);
}
`;

/** What became of servers that cannot be. */
const wrongServers = `
import { createRegistry, createServer, defineAgent } from "oai-serve";

const registry = createRegistry().register("echo", () => "echo");
const server = await createServer(registry).listen({ port: 0 });
const port = Number(new URL(server.url).port);
const searcher = defineAgent({ name: "searcher", model: "echo", tools: ["web_search"] });
for (const [agents, options, serverOptions = {}] of [
  [registry, { port }],
  [registry, { port: 70_000 }],
  [createRegistry().register("searcher", searcher), { port: 0 }],
  [createRegistry(), { port: 0 }],
  [registry, { port: 0 }, { store: "sqlite:" + import.meta.path }],
  [registry, { port: 0 }, { store: "postgres:" }],
  [registry, { port: 0 }, { keys: [] }],
  [registry, { port: 0 }, { apiKeys: [] }],
] as const) {
  const listen = async () => await createServer(agents, serverOptions as object).listen(options);
  const outcome = await listen().then(() => "listens", (error) => error);
  console.log("outcome " + (outcome instanceof Error) + " " + outcome.message);
}
await Promise.all([server.close(), server.close()]);
`;

/** What a server was told by its program. */
const toldServer = `
import { existsSync } from "node:fs";
import { createRegistry, createServer } from "oai-serve";

const lines: string[] = [];
const registry = createRegistry().register("echo", ({ messages }) => "heard " + messages.length);
const options = { apiKeys: ["key-of-ann-1234567"], environment: { HOME: import.meta.dir }, log: (line: string) => void lines.push(line) };
const server = await createServer(registry, options).listen({ port: 0 });
const ask = async (headers: Record<string, string>) => {
  const body = JSON.stringify({ messages: [{ role: "user", content: "Hi" }], conversation_id: "c1" });
  const response = await fetch(server.url + "/v1/chat/completions", { method: "POST", headers, body });
  return response.ok ? (await response.json()).choices[0].message.content : response.status;
};
const key = { authorization: "Bearer key-of-ann-1234567" };
console.log("answers " + JSON.stringify([await ask({}), await ask(key), await ask(key)]));
await server.close();
console.log("lines " + lines.every((line) => JSON.parse(line).message !== "" && !line.endsWith("\\n")));
console.log("file " + existsSync(import.meta.dir + "/.local"));
`;

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "oai-serve-library-"));
  mkdirSync(join(folder, "node_modules"));
  symlinkSync(root, join(folder, "node_modules/oai-serve"));
});
afterAll(() => rmSync(folder, { recursive: true }));

/** A program in a folder of its own, where the package is installed. */
function run(source: string) {
  const path = join(folder, "program.ts");
  writeFileSync(path, source);
  const child = Bun.spawn([process.execPath, "run", path], {
    cwd: folder,
    env: { PATH: process.env["PATH"] ?? "", HOME: folder },
    stdin: "pipe",
    stdout: "pipe",
    stderr: "inherit",
  });
  const lines = childLines(child.stdout);
  return {
    child,
    /** The rest of the next line that begins with `word`. */
    async next(word: string): Promise<string> {
      for (;;) {
        const { value, done } = await lines.next();
        if (done === true) throw new Error(`it ended before it said "${word}"`);
        if (value.startsWith(`${word} `)) return value.slice(word.length + 1);
      }
    },
    /** All further lines, to the end of the program. */
    rest: () => Array.fromAsync(lines),
  };
}

describe("The package as a library", () => {
  test("serves agents of a program, in several servers at once, until each is closed", async () => {
    const program = run(twoServers);
    const urls: string[] = JSON.parse(await program.next("urls"));
    const [first, second] = urls.map((url) => node7().connect(`${url}/v1`));
    const ask = async (client: typeof first, model: string) => {
      const stream = client?.chat.completions.stream({ model, ...user("hello") });
      return await stream?.finalContent();
    };

    const answers = [await ask(first, "echo"), await ask(first, "drafts"), await ask(second, "other")];
    const standard = await fetch(`${urls[0]}/v1/chat/completions`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(user("you")),
    });
    const models = await second?.models.list();
    await program.child.stdin.write("0\n");
    await program.child.stdin.flush();
    await program.next("closed");
    const afterwards = await ask(second, "other");
    const refused = await ask(first, "echo").catch((error: unknown) => error);
    await program.child.stdin.write("1\n");
    await program.child.stdin.end();

    expect(answers).toEqual(["echo: hello", "draft of hello", "from within"]);
    expect(await standard.json()).toMatchObject({
      model: "drafts",
      choices: [{ message: { content: "draft of you" } }],
    });
    expect(models?.data.map(({ id }) => id)).toEqual(["other"]);
    expect(afterwards).toBe("from within");
    expect(refused).toBeInstanceOf(node7().OpenAI.APIConnectionError);
    // Nothing that was opened keeps the program.
    expect(await program.child.exited).toBe(0);
  });

  test("takes its store, keys and log from its program, and leaves no file", async () => {
    const program = run(toldServer);
    await program.child.stdin.end();

    const lines = await program.rest();

    expect(lines).toEqual(['answers [401,"heard 1","heard 3"]', "lines true", "file false"]);
    expect(await program.child.exited).toBe(0);
  });

  test("says why it cannot listen, and leaves the program free to end", async () => {
    const program = run(wrongServers);
    await program.child.stdin.end();

    const lines = await program.rest();

    const outcomes = lines.filter((line) => line.startsWith("outcome ")).map((line) => line.slice(8));
    expect(outcomes).toEqual([
      expect.stringMatching(/^true port: port \d+ on 127\.0\.0\.1 is in use/),
      "true port: must be an integer from 0 to 65535.",
      expect.stringMatching(
        /^true the registry: agent 'searcher': Tool 'web_search' not found\. Available: /,
      ),
      "true The registry has no agents.",
      expect.stringMatching(/^true store: the file '.*' cannot be used: /),
      "true store: must be memory:, sqlite:PATH or postgres://USER:PASSWORD@HOST:PORT/DATABASE.",
      "true What createServer is told has no field 'keys'. It may have: store, apiKeys, environment, log.",
      "true apiKeys: has to be an array of one or more keys; leave it out to serve everyone.",
    ]);
    expect(await program.child.exited).toBe(0);
  });
});

function node7() {
  const generation = nodeGenerations.at(-1);
  if (generation === undefined) throw new Error("There is no openai-node.");
  return generation;
}
