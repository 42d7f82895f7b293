import { afterAll, beforeAll, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { type Running, startServer } from "../../support/oai-serve.ts";
import { describeBlackBox } from "../../support/prerequisites.ts";
import { outputOf, runJavaScript, runPython } from "../agents/snippets.ts";

const readme = readFileSync(join(import.meta.dir, "../../../README.md"), "utf8");
/** The variables that the README has readers set for the Agents SDK; its traces would go elsewhere. */
const agentsEnvironment = `import os
os.environ["OPENAI_BASE_URL"] = "http://localhost:8080/v1"
os.environ["OPENAI_API_KEY"] = "not-needed"
os.environ["OPENAI_AGENTS_DISABLE_TRACING"] = "1"
`;
const answer = "This is the demo model of oai-serve";

let server: Running;
beforeAll(async () => {
  server = await startServer(["--demo-delay", "0ms", "--store", "memory:"]);
});
afterAll(() => server[Symbol.asyncDispose]());

/** The one block of the README in that language which contains `mark`. */
function snippet(language: string, mark: string): string {
  const blocks = [...readme.matchAll(/^```(\w+)\n(.*?)^```$/gms)];
  const found = blocks.filter(([, name, block = ""]) => name === language && block.includes(mark));
  expect(found).toHaveLength(1);
  return found[0]?.[2] ?? "";
}

const port = () => Number(new URL(server.url).port);

describeBlackBox("The README's clients, as they are printed", () => {
  for (const packages of ["openai-2", "openai-3"]) {
    test(`openai in Python: ${packages}`, async () => {
      const code = snippet("python", "from openai import OpenAI");

      expect(await outputOf(runPython(code, port(), packages))).toContain(answer);
    });
  }

  for (const packageName of ["openai-node-6", "openai-node-7"]) {
    test(`openai in TypeScript: ${packageName}`, async () => {
      const code = snippet("ts", 'from "openai"');

      expect(await outputOf(runJavaScript(code, port(), packageName))).toContain(answer);
    });
  }

  test("the Agents SDK", async () => {
    const code = agentsEnvironment + snippet("python", "from agents import");

    expect(await outputOf(runPython(code, port(), "agents"))).toContain(answer);
  });

  test("a Claude-side client", async () => {
    const code = snippet("python", "from anthropic import");

    expect(await outputOf(runPython(code, port(), "anthropic"))).toContain(answer);
  });
});
