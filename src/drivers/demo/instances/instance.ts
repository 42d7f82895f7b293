import { generateSync } from "json-schema-faker";
import type { JsonSchema } from "../../../core/generation.ts";
import { createValidator } from "../../../json-schema/validator.ts";
import { planInstance } from "./plan.ts";

const attempts = 4;
const longestMs = 250;

/**
 * A JSON value that satisfies `schema`, the same one at each call, or undefined when none is found within
 * bounds of depth, size and time. What is returned was validated against `schema` itself; whatever the schema
 * does not fix looks like an everyday value ("Paris" for a city). Reads no file and no network.
 */
export function createInstance(schema: JsonSchema): unknown {
  const startedMs = performance.now();
  try {
    const misfit = createValidator(schema);
    for (let attempt = 0; attempt < attempts; attempt++) {
      const value = generateSync(planInstance(schema, attempt), generatorOptions);
      if (misfit(value) === undefined) return value;
      if (performance.now() - startedMs > longestMs) return undefined;
    }
  } catch {
    // A schema that is malformed, too large or beyond the libraries is answered like one without an instance.
  }
  return undefined;
}

// The generator picks at random only where a plan leaves it a choice; a fixed seed makes that repeatable.
const generatorOptions = { seed: 1, maxDepth: 200, alwaysFakeOptionals: true } as const;
