import { expect, test } from "bun:test";
import type { Flags } from "../../src/config/given.ts";
import { createJsonSchema } from "../../src/config/json-schema.ts";
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

const example = { "--config": [new URL("../../config.example.yaml", import.meta.url).pathname] };

function load(flags: Flags): LoadedConfig {
  return loadConfig({ flags, environment: {}, terminal: false, drivers });
}

test("the example file is valid as it is", () => {
  const { config, warnings } = load(example);

  expect(warnings).toEqual([]);
  expect(Object.keys(config.backends)).toEqual(["gpu", "playground"]);
  expect(config.defaultModel).toBe("my-model");
});

test("the values of the example are the defaults", () => {
  const {
    backends: _backends,
    models: _models,
    defaultModel: _defaultModel,
    ...values
  } = load(example).config;

  expect(load({}).config).toMatchObject(values);
});
