import { describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import type { TSchema } from "@sinclair/typebox";
import { ToolsFile } from "../../src/agents/config/tool-schema.ts";
import { AgentFile, idleAgentKeys, idleFileKeys } from "../../src/config/agent-schema.ts";
import { agentSections } from "../../src/config/agent-sections.ts";
import type { Flags } from "../../src/config/given.ts";
import { createJsonSchema } from "../../src/config/json-schema.ts";
import { publicId } from "../../src/config/model-schema.ts";
import { createFileSchema } from "../../src/config/schema.ts";
import { loadConfig, type LoadedConfig } from "../../src/config/load.ts";
import { drivers } from "../../src/drivers/index.ts";

test("the schema is plain JSON Schema in which nothing with a default is required", () => {
  const schema = createJsonSchema(drivers);

  const text = JSON.stringify(schema);
  expect(JSON.parse(text)).toEqual(schema);
  expect(schema).toMatchObject({
    $schema: "http://json-schema.org/draft-07/schema#",
    additionalProperties: false,
    properties: { listen: { properties: { port: { type: "integer", default: 8080, maximum: 65_535 } } } },
  });
  expect(schema["required"]).toBeUndefined();
  expect(text).not.toContain('"expected"');
  expect(text).not.toContain('"x-minimum"');
});

test("every kind of backend is in the schema", () => {
  const text = JSON.stringify(createJsonSchema(drivers));

  for (const kind of Object.keys(drivers)) expect(text).toContain(`"const":"${kind}"`);
});

const examplePath = new URL("../../config.example.yaml", import.meta.url).pathname;
const example = { "--config": [examplePath] };

function load(flags: Flags): LoadedConfig {
  return loadConfig({ flags, environment: {}, terminal: false, drivers });
}

describe("what a key is for is said in the schema", () => {
  const schema = createFileSchema(drivers);
  const tables: Readonly<Record<string, TSchema>> = {
    ...drivers.kserve.configSchema["properties"],
    ...schema.properties.models.patternProperties[publicId]?.["properties"],
    ...drivers.openai.configSchema["properties"],
    ...drivers.demo.configSchema["properties"],
    ...AgentFile.properties,
    ...agentSections,
  };
  for (const [key, property] of Object.entries(tables)) {
    test(key, () => {
      expect(isDescribed(property)).toBe(true);
    });
  }
});

/** A mapping may leave it to its own keys. */
function isDescribed(schema: TSchema): boolean {
  if (schema.description !== undefined || schema["const"] !== undefined) return true;
  const keys: readonly TSchema[] = Object.values(schema["properties"] ?? {});
  return keys.length > 0 && keys.every(isDescribed);
}

/** Keys of Weave that are taken as well. */
const otherwise = new Set([
  "version",
  "prompt",
  "system_prompt",
  ...Object.keys(idleAgentKeys),
  ...Object.keys(idleFileKeys),
]);

test("the example shows every key of a model server, a model and an agent", () => {
  const text = readFileSync(examplePath, "utf8");
  const keys = [
    ...Object.keys(drivers.kserve.configSchema["properties"]),
    ...Object.keys(drivers.kserve.modelSchema?.properties ?? {}),
    ...Object.keys(drivers.openai.configSchema["properties"]),
    ...Object.keys(AgentFile.properties).filter((key) => !otherwise.has(key)),
    ...Object.keys(ToolsFile.properties),
    ...Object.keys(agentSections).filter((key) => !otherwise.has(key)),
    "target",
    "aliases",
    "token_model",
    "max_context_tokens",
    "defaults",
    "overrides",
  ];

  expect(keys.filter((key) => !new RegExp(`\\b${key}:`).test(text))).toEqual([]);
});

test("the example file is valid as it is", () => {
  const { config, warnings } = load({ ...example, "--store": ["memory:"] });

  expect(warnings).toEqual([]);
  expect(Object.keys(config.agents.definitions)).toEqual(["researcher", "supervisor"]);
  expect(Object.keys(config.backends)).toEqual(["gpu", "playground"]);
  expect(config.defaultModel).toBe("my-model");
});

test("the values of the example are the defaults", () => {
  const {
    backends: _backends,
    models: _models,
    presets: _presets,
    defaultModel: _defaultModel,
    agents: { definitions: _definitions, tools: _tools, ...agents },
    ...values
  } = load(example).config;

  expect(load({}).config).toMatchObject({ ...values, agents });
});
