import { describe, expect, test } from "bun:test";
import type { TSchema } from "@sinclair/typebox";
import { parseDuration, parseSize } from "../../src/core/quantity.ts";
import { createFileSchema } from "../../src/config/schema.ts";
import { environmentNames, flagName, settings } from "../../src/config/settings.ts";
import { drivers } from "../../src/drivers/index.ts";

const backendOf: Readonly<Record<string, TSchema>> = {
  anyserve: drivers.kserve.configSchema,
  kserve: drivers.kserve.configSchema,
  "kserve*": drivers.kserve.configSchema,
  "*": drivers.kserve.configSchema,
  openai: drivers.openai.configSchema,
  demo: drivers.demo.configSchema,
};

function schemaAt(path: readonly string[]): TSchema | undefined {
  const [first, second = "", ...rest] = path;
  const start = first === "backends" ? backendOf[second] : createFileSchema(drivers);
  const keys = first === "backends" ? rest : path;
  return keys.reduce<TSchema | undefined>((schema, key) => propertyOf(schema, key), start);
}

/** Of a union, what one of its mappings has under that key. */
function propertyOf(schema: TSchema | undefined, key: string): TSchema | undefined {
  const variants: readonly TSchema[] = schema?.["anyOf"] ?? [schema];
  return variants.map((variant) => variant?.["properties"]?.[key]).find((found) => found !== undefined);
}

/** A value of the schema or of the help in a form in which both can be compared. */
function comparable(value: unknown): unknown {
  if (value === false || (Array.isArray(value) && value.length === 0)) return undefined;
  return parseDuration(value) ?? parseSize(value) ?? value;
}

describe("the default that the help shows is the one of the schema", () => {
  // Whether there is a terminal decides about content, and where the state directory is about the store.
  const decidedElsewhere = new Set(["--log-content", "--store"]);
  const shown = settings.filter(
    (setting) => setting.path !== undefined && !decidedElsewhere.has(flagName(setting)),
  );
  for (const setting of shown) {
    test(flagName(setting), () => {
      const schema = schemaAt(setting.path ?? []);
      const milliseconds = setting.kind === "milliseconds" ? parseDuration(setting.standard) : undefined;

      expect(schema).toBeDefined();
      expect(comparable(schema?.default)).toEqual(comparable(milliseconds ?? numeric(setting.standard)));
    });
  }
});

/** Counts are numbers in the schema and text in the help. */
function numeric(text: string | undefined): unknown {
  return text !== undefined && /^\d+$/.test(text) ? Number(text) : text;
}

test("every flag has its own variables", () => {
  const names = settings.flatMap(environmentNames);

  expect(new Set(names).size).toBe(names.length);
  expect(names).toContain("OAI_SERVE_ANYSERVE_ENDPOINT");
  expect(names.filter((name) => name.startsWith("OPENAI_COMPAT_")).toSorted()).toEqual([
    "OPENAI_COMPAT_MAX_CONTEXT_TOKENS",
    "OPENAI_COMPAT_MODEL_NAME",
    "OPENAI_COMPAT_PORT",
    "OPENAI_COMPAT_TOKEN_MODEL",
  ]);
});
