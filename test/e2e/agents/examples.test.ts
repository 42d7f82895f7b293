import { describe, expect, test } from "bun:test";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describeBlackBox } from "../../support/prerequisites.ts";
import { runProgram } from "./program.ts";
import { readExample } from "./snippets.ts";

const root = join(import.meta.dir, "../../..");
const environment = { OPENAI_API_KEY: "unused", GEMINI_API_KEY: "unused" };

/** Every agent that is shown to readers, by the place where it is. */
const shown: Readonly<Record<string, string>> = {
  "examples/thinkagain.ts": readExample("thinkagain.ts"),
  "examples/camel.ts": readExample("camel.ts"),
  ...snippetsOf("README.md", "ts", 'from "oai-serve"'),
  ...snippetsOf("docs/agents.md", "ts", 'from "oai-serve"'),
};

describeBlackBox("What is shown to readers", () => {
  for (const [place, source] of Object.entries(shown)) {
    describe(place, () => {
      test("is served with nothing installed", async () => {
        const { code, output } = await runProgram("oai-serve check --agent agent.ts", {
          files: { "agent.ts": source },
          environment,
        });

        expect(output).toContain("✓ agent ");
        expect(code).toBe(0);
      });

      test("has the types that `oai-serve types` prints", async () => {
        const types = await runProgram("oai-serve types");

        expect(await complaintsAbout({ "agent.ts": source, "oai-serve.d.ts": types.output })).toBe("");
      }, 30_000);
    });
  }

  const configurations = {
    "examples/weave.agent.yaml": readExample("weave.agent.yaml"),
    "examples/cortex-flow.yaml": readExample("cortex-flow.yaml"),
    ...snippetsOf("README.md", "yaml", "agents:"),
  };
  for (const [place, config] of Object.entries(configurations)) {
    test(`${place} is a valid configuration`, async () => {
      const { code, output } = await runProgram("oai-serve check --config agents.yaml", {
        files: { "agents.yaml": config },
        environment,
      });

      expect(output).toContain("✓ configuration agents.yaml is valid");
      expect(code).toBe(0);
    });
  }
});

/** Parts of a document in that language which contain `mark`, by their place. */
function snippetsOf(document: string, language: string, mark: string): Record<string, string> {
  const text = readFileSync(join(root, document), "utf8");
  const blocks = [...text.matchAll(/^```(\w+)\n(.*?)^```$/gms)];
  const snippets = blocks.flatMap(([, name, block = ""]) => (name === language ? [block] : []));
  const marked = snippets.filter((snippet) => snippet.includes(mark));
  return Object.fromEntries(
    marked.map((snippet, index) => [`${document}, ${language} ${index + 1}`, snippet]),
  );
}

/** What the compiler says about the files in a folder with nothing else. */
async function complaintsAbout(files: Readonly<Record<string, string>>): Promise<string> {
  const directory = mkdtempSync(join(tmpdir(), "oai-serve-test-"));
  for (const [name, content] of Object.entries(files)) writeFileSync(join(directory, name), content);
  const options = ["--noEmit", "--strict", "--target", "esnext", "--module", "esnext", "--types", ""];
  const child = Bun.spawn(
    [process.execPath, join(root, "node_modules/typescript/bin/tsc"), ...options, ...Object.keys(files)],
    { cwd: directory, stdin: "ignore", stdout: "pipe", stderr: "pipe" },
  );
  const output = await new Response(child.stdout).text();
  await child.exited;
  rmSync(directory, { recursive: true, force: true });
  return output;
}
