import { describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { openaiDriver } from "../../src/drivers/openai/driver.ts";
import { memoryLog } from "../support/calls.ts";
import { useSources } from "../config/sources.ts";

const root = join(import.meta.dir, "../..");
const page = readFileSync(join(root, "docs/servers.md"), "utf8");
const printed = [...page.matchAll(/```yaml\n(.*?)```/gs)].map(([, yaml = ""]) => yaml);

describe("configurations that are printed for a copy are valid:", () => {
  const { load } = useSources();

  test("there are some", () => {
    expect(printed.length).toBeGreaterThan(1);
  });

  for (const yaml of printed) {
    test(`${yaml.split("\n").slice(1, 2).join("").trim()} of docs/servers.md`, () => {
      expect(load({ yaml }).warnings).toEqual([]);
    });
  }

  test("the OpenAI-compatible server that the example has as a comment", async () => {
    const example = readFileSync(join(root, "config.example.yaml"), "utf8");
    const lines = /( {2}# cloud:\n(?: {2}# {3}.*\n)+)/.exec(example)?.[0] ?? "";
    const yaml = `backends:\n${lines.replaceAll(/^ {2}# /gm, "  ")}`;

    const { config, warnings } = load({ yaml });
    const backend = openaiDriver.create(
      { ...config.backends["cloud"], kind: "openai" },
      {
        id: "cloud",
        log: memoryLog(),
        connectTimeoutMs: 1,
        variable: (name) => (name === "OPENAI_API_KEY" ? "key" : undefined),
      },
    );

    expect(warnings).toEqual([]);
    expect(backend.endpoint).toBe("https://api.openai.com/v1");
    await backend.close();
  });
});
