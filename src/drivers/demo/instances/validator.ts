import { Ajv, type Options } from "ajv";
import { Ajv2020 } from "ajv/dist/2020.js";
import addFormats from "ajv-formats";
import type { JsonSchema } from "../../../core/generation.ts";
import { isSmall, TooLargeError } from "./bounds.ts";
import { createLinearRegExp } from "./linear-regexp.ts";

/**
 * A check of values against `schema`, by the rules of the draft that its `$schema` names, 2020-12 if none.
 * Throws when the schema is malformed, refers to another document or is too large.
 */
export function createValidator(schema: JsonSchema): (value: unknown) => boolean {
  if (!isSmall(schema)) throw new TooLargeError("The schema is too large.");
  const { $schema: dialect, ...rest } = schema;
  const isOld = typeof dialect === "string" && /draft-0[4-7]/.test(dialect);
  // One instance for each schema: it keeps what it compiled for as long as it lives.
  const ajv = isOld ? new Ajv(options) : new Ajv2020(options);
  addFormats(ajv, { mode: "fast" });
  const validate = ajv.compile(rest);
  // A schema with "$async" answers with a promise, whatever the type says.
  return (value) => {
    const result: unknown = validate(value);
    return result === true;
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
  code: { regExp: createLinearRegExp },
} satisfies Options;
