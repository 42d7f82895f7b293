import { describe, expect, test } from "bun:test";
import { createFolder } from "../agents/load/folder.ts";
import { startUpstream } from "../support/upstream/upstream.ts";
import { runToEnd, startServer } from "../support/oai-serve.ts";

const agent = (name: string, run: string) =>
  `import { defineAgent } from "oai-serve"; export default defineAgent({ name: "${name}", run: ${run} });`;

/** What the model says, or the code of the error. */
async function ask(url: string, model: string): Promise<string | undefined> {
  const response = await fetch(`${url}/v1/chat/completions`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ model, messages: [{ role: "user", content: "Hi" }] }),
  });
  const text = await response.text();
  return /"(?:content|code)":"([^"]*)"/.exec(text)?.[1];
}

const start = (folder: string, ...flags: readonly string[]) =>
  startServer(["--store", "memory:", "--agent", folder, ...flags]);

describe("agent files", () => {
  test("are served with nothing installed next to them", async () => {
    await using folder = await createFolder({
      "one.ts": `import { word } from "./lib/word.ts"; ${agent("one", "() => word")}`,
      "lib/word.ts": 'export const word: string = "first";',
      "two.js": "export default async function* ({ userQuery }) { yield userQuery; yield '!'; }",
    });
    await using server = await start(folder.path);

    expect(await ask(server.url, "one")).toBe("first");
    expect(await ask(server.url, "two")).toBe("Hi!");
  });

  test("that are wrong keep the server from starting, and all of them are named", async () => {
    await using folder = await createFolder({
      "a.ts": "const {{",
      "b.ts": "\nthrow new Error('no');",
      "c.ts": "export const nothing = 1;",
    });

    const { code, stderr } = await runToEnd(["--store", "memory:", "--agent", folder.path]);

    expect(code).toBe(2);
    expect(stderr).toContain(`${folder.at("a.ts")}:1:`);
    expect(stderr).toContain(`${folder.at("b.ts")}:2:`);
    expect(stderr).toContain(`${folder.at("c.ts")}: it exports no agent.`);
  });

  test("are loaded again when they change, and stay as they were while they are broken", async () => {
    await using folder = await createFolder({
      "one.ts": `import { word } from "./_word.ts"; ${agent("one", "() => word")}`,
      "_word.ts": 'export const word = "first";',
    });
    await using server = await start(folder.path, "--watch");
    const answers = [await ask(server.url, "one")];

    await folder.write({ "_word.ts": "export const word = ;" });
    await server.line(/_word\.ts:1:\d+: Unexpected/);
    answers.push(await ask(server.url, "one"));
    await folder.write({ "_word.ts": 'export const word = "second";' });
    await server.line(/Configuration reloaded/);
    answers.push(await ask(server.url, "one"));

    expect(answers).toEqual(["first", "first", "second"]);
  });

  test("whose code holds up everybody are named in the log", async () => {
    await using folder = await createFolder({
      "slow.ts": agent(
        "slow",
        "() => { const end = performance.now() + 400; while (performance.now() < end); }",
      ),
    });
    await using server = await start(folder.path);

    await ask(server.url, "slow");

    expect(await server.line(/The event loop was blocked/)).toContain("slow");
  });
});

describe("an agent that names no model", () => {
  const asking = { "asking.ts": agent("asking", "({ generate }) => generate({})") };

  test("asks the only one that the server has", async () => {
    const upstream = await startUpstream(() => ({ text: "Hello" }), { models: ["only"] });
    await using folder = await createFolder(asking);
    await using server = await start(folder.path, "--openai-base-url", upstream.url);

    expect(await ask(server.url, "asking")).toBe("Hello");
    expect(upstream.calls.at(-1)?.body["model"]).toBe("only");
    await upstream.close();
  });

  test("fails by itself where there is none, and the log says why", async () => {
    await using folder = await createFolder(asking);
    await using server = await start(folder.path);

    expect(await ask(server.url, "asking")).toBe("agent_model_not_found");
    expect(await server.line(/names no model/)).toContain("Agent 'asking'");
  });
});

describe("what an agent does not wait for", () => {
  const failures: readonly [string, string][] = [
    ["a request that is refused", 'void fetch("http://127.0.0.1:1")'],
    ["a deadline", 'void fetch("http://127.0.0.1:1", { signal: AbortSignal.timeout(1) })'],
    ["a connection", 'connect(1, "127.0.0.1")'],
    ["a file", 'void readFile("/nope/nope")'],
    ["a rejection with a text", 'void Promise.reject("no reason")'],
    ["an error of its own", 'void Promise.reject(new Error("mine"))'],
    ["a timer that throws", 'setTimeout(() => { throw new Error("later"); }, 1)'],
    ["a question to a model", 'void context.generate({ model: "nope" }).text()'],
    [
      "a question with a tool that is not there",
      'void context.generate({ model: "nope-x", tools: ["nope"], messages: [] }).text()',
    ],
    [
      "a question without a content",
      'void context.generate({ model: "other", messages: [{ role: "user", content: undefined }] }).text()',
    ],
  ];
  for (const [name, statement] of failures) {
    test(`fails by itself: ${name}`, async () => {
      await using folder = await createFolder({
        "other.ts": agent("other", "() => 'yes'"),
        "careless.ts": `import { connect } from "node:net"; import { readFile } from "node:fs/promises";
          import { defineAgent } from "oai-serve";
          export default defineAgent({ name: "careless", run: (context) => { void [connect, readFile]; ${statement}; return "done"; } });`,
      });
      await using server = await start(folder.path);

      const first = await ask(server.url, "careless");
      const told = await server.line(/An agent failed where nobody waited for it/);

      expect(first).toBe("done");
      expect(told).not.toContain(server.url);
      expect(await ask(server.url, "careless")).toBe("done");
    });
  }
});

describe("worker processes", () => {
  test("run the agents, and are started again when they end", async () => {
    await using folder = await createFolder({
      "pid.ts": agent("pid", "() => String(process.pid)"),
      "exit.ts": agent("exit", "() => process.exit(9)"),
    });
    await using server = await start(folder.path, "--agent-workers", "1");

    const before = await ask(server.url, "pid");
    const lost = await ask(server.url, "exit");
    const after = await ask(server.url, "pid");

    expect(lost).toBe("agent_worker_lost");
    expect(after).toMatch(/^\d+$/);
    expect(new Set([String(server.pid), before, after]).size).toBe(3);
  });

  test("let an agent hang without holding up the server", async () => {
    await using folder = await createFolder({
      "hang.ts": agent("hang", "() => { for (;;); }"),
      "one.ts": agent("one", "() => 'fine'"),
    });
    await using server = await start(folder.path, "--agent-workers", "2");

    void ask(server.url, "hang").catch(() => {});
    await server.line(/Request: model=hang/);

    expect(await ask(server.url, "one")).toBe("fine");
  });
});
