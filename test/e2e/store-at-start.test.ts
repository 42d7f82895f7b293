import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createStore } from "../../src/store/create-store.ts";
import { memoryLog } from "../support/calls.ts";
import { runToEnd, startServer } from "../support/oai-serve.ts";

let directory: string;
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), "oai-serve-store-start-"));
  writeFileSync(
    join(directory, "crew.ts"),
    'import { defineAgent } from "oai-serve";\nexport const crew = defineAgent({ name: "crew", run: () => "Hi" });\n',
  );
  writeFileSync(join(directory, "corrupt.db"), "no database ".repeat(1_000));
  writeFileSync(join(directory, "a-file"), "");
});
afterAll(() => rmSync(directory, { recursive: true }));

/** Where a folder would have to be made below a file. */
const environment = () => ({ HOME: join(directory, "a-file") });
const withAgent = (...args: string[]) => ["--agent", join(directory, "crew.ts"), ...args];

const unusable = [
  ["corrupt.db", "file is not a database"],
  ["a-file/below.db", "a-file"],
] as const;

describe("A store that cannot be used", () => {
  for (const [file, reason] of unusable) {
    test(`is an error of the start where it was named: ${file}`, async () => {
      const path = join(directory, file);

      const { code, stderr } = await runToEnd(withAgent("--port", "0", "--store", `sqlite:${path}`));

      expect(stderr).toStartWith(`oai-serve: --store: the file '${path}' cannot be used: `);
      expect(stderr).toContain(reason);
      expect(code).toBe(2);
    });

    test(`is found by check where it was named: ${file}`, async () => {
      const path = join(directory, file);

      const { code, stdout } = await runToEnd(["check", ...withAgent("--store", `sqlite:${path}`)]);

      expect(stdout).toContain(`✗ --store: the file '${path}' cannot be used: `);
      expect(stdout).toContain(reason);
      expect(code).toBe(1);
    });
  }

  test("gives way to memory where nobody named it, which the log says before the server starts", async () => {
    await using server = await startServer(withAgent(), { environment: environment() });
    const ask = async () =>
      await fetch(`${server.url}/v1/chat/completions`, {
        method: "POST",
        headers: { "x-conversation-id": "c1" },
        body: JSON.stringify({ model: "crew", messages: [{ role: "user", content: "Hi" }] }),
      });

    const answers = [await ask(), await ask()];

    expect(answers.map(({ status }) => status)).toEqual([200, 200]);
    const output = server.output();
    const said = output.indexOf("What is stored is kept in memory and lost at the end");
    expect(said).toBeGreaterThan(-1);
    expect(said).toBeLessThan(output.indexOf("Server started"));
    expect(output).toContain("ENOTDIR");
  });

  test("is a warning of check where nobody named it", async () => {
    const { code, stdout } = await runToEnd(["check", ...withAgent()], { environment: environment() });

    expect(stdout).toContain("⚠ What is stored would be kept in memory and lost at the end: ");
    expect(stdout).toContain("ENOTDIR");
    expect(code).toBe(0);
  });

  test("is an error of the start without agents too, where it was named", async () => {
    const { code, stderr } = await runToEnd([
      "--port",
      "0",
      "--store",
      `sqlite:${join(directory, "corrupt.db")}`,
    ]);

    expect(stderr).toStartWith("oai-serve: --store: the file ");
    expect(code).toBe(2);
  });

  test("gives way to memory without agents too, where nobody named it", async () => {
    await using server = await startServer([], { environment: environment() });

    expect((await fetch(`${server.url}/live`)).status).toBe(200);
    expect(server.output()).toContain("What is stored is kept in memory and lost at the end");
  });
});

describe("A file that may not be written", () => {
  // Root may write it all the same, unless that is taken away.
  const through =
    process.getuid?.() === 0 ? ["setpriv", "--bounding-set", "-dac_override,-dac_read_search", "--"] : [];
  let folder: string;
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), "oai-serve-store-fixed-"));
    mkdirSync(join(folder, "oai-serve"));
    const store = createStore(`sqlite:${join(folder, "oai-serve/oai-serve.db")}`, memoryLog());
    await store.open();
    await store.close();
    chmodSync(join(folder, "oai-serve/oai-serve.db"), 0o400);
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  test("is an error of the start, and of check, where it was named", async () => {
    const args = ["--store", `sqlite:${join(folder, "oai-serve/oai-serve.db")}`];

    const started = await runToEnd(["--port", "0", ...args], { through });
    const checked = await runToEnd(["check", ...args], { through });

    expect([started.code, checked.code]).toEqual([2, 1]);
    expect(started.stderr).toContain("permission denied");
    expect(checked.stdout).toMatch(/✗ --store: the file .* cannot be used: .*permission denied/);
  });

  test("gives way to memory where nobody named it", async () => {
    const state = { XDG_STATE_HOME: folder };
    await using server = await startServer([], { environment: state, through });
    const body = JSON.stringify({ model: "demo", input: "Hi", store: true, max_output_tokens: 16 });

    const response = await fetch(`${server.url}/v1/responses`, { method: "POST", body });

    expect(response.status).toBe(200);
    await server.line(/What is stored is kept in memory and lost at the end/);
    expect(await (await fetch(`${server.url}/health`)).json()).toMatchObject({ store: { status: "ok" } });
  });
});

test("check tells where things will be stored, and makes no file", async () => {
  const path = join(directory, "new/folder/store.db");

  const { code, stdout } = await runToEnd(["check", ...withAgent("--store", `sqlite:${path}`)]);

  expect(stdout).toContain(`✓ store: ${path}`);
  expect(code).toBe(0);
  expect(readdirSync(directory).toSorted()).toEqual(["a-file", "corrupt.db", "crew.ts"]);
});

for (const args of [["list"], ["show", "c1"], ["delete", "c1"]]) {
  test(`conversations ${args.join(" ")} says that there is no such store, and makes none`, async () => {
    const path = join(directory, "missing.db");

    const { code, stdout } = await runToEnd(["conversations", ...args, "--store", `sqlite:${path}`]);

    expect(stdout).toBe(`There is no store '${path}'.\n`);
    expect(code).toBe(1);
    expect(existsSync(path)).toBe(false);
  });
}
