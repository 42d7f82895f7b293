import { Ajv, type ErrorObject, type Options } from "ajv";
import { Ajv2020 } from "ajv/dist/2020.js";
import addFormats from "ajv-formats";
import type { JsonSchema } from "../core/generation.ts";
import { isSmall, TooLargeError } from "./bounds.ts";
import { createLinearRegExp } from "./linear-regexp.ts";
import { pointerToPath } from "./path.ts";

/** The first thing in a value that a schema does not allow. */
export interface Misfit {
  /** Where in the value, such as `items[0].name`; empty for the value itself. */
  path: string;
  /** What is wrong there, in words that go on after it: `must be string`. */
  message: string;
}

/**
 * A check of values against `schema`, by the rules of the draft that its `$schema` names, 2020-12 if none.
 * Throws when the schema is malformed, refers to another document or has more than `maxValues` values.
 */
export function createValidator(
  schema: JsonSchema,
  maxValues?: number,
): (value: unknown) => Misfit | undefined {
  if (!isSmall(schema, maxValues)) throw new TooLargeError("The schema is too large.");
  const { $schema: dialect, ...rest } = schema;
  const isOld = typeof dialect === "string" && /draft-0[4-7]/.test(dialect);
  // One instance for each schema: it keeps what it compiled for as long as it lives.
  const ajv = isOld ? new Ajv(options) : new Ajv2020(options);
  addFormats(ajv, { mode: "fast" });
  const validate = ajv.compile(rest);
  return (value) => {
    // A schema with "$async" answers with a promise, whatever the type says.
    const result: unknown = validate(value);
    return result === true ? undefined : toMisfit(validate.errors?.[0]);
  };
}

function toMisfit(error: ErrorObject | undefined): Misfit {
  if (error === undefined) return { path: "", message: "does not satisfy the schema" };
  const { additionalProperty: extra }: Record<string, unknown> = error.params;
  const property = typeof extra === "string" ? `: ${JSON.stringify(extra.slice(0, 64))}` : "";
  return {
    path: pointerToPath(error.instancePath),
    message: `${error.message ?? "does not satisfy the schema"}${property}`.slice(0, 500),
  };
}

const options = {
  strict: false,
  // What every object inherits does not satisfy "required".
  ownProperties: true,
  // Compiling the draft's own schema costs more than all the rest; a malformed keyword fails the compilation.
  validateSchema: false,
  // Inlining lets a few small references grow into a large function.
  inlineRefs: false,
  logger: false,
  // Each pass over the code takes time quadratic in it.
  code: { regExp: createLinearRegExp, optimize: false },
} satisfies Options;
