import { isRecord, type JsonRecord } from "../../core/json.ts";
import { assertSchemas } from "../../json-schema/assert-schemas.ts";
import type { SchemaChecker } from "../../json-schema/checker.ts";
import type { AgentTool } from "../kit/tool.ts";
import { findSyntaxMistake } from "./json-syntax.ts";

const longest = 1_048_576;

/** Says whether a text is JSON, where it is not, and whether it fits a JSON Schema. */
export function createJsonValidator(schemas: SchemaChecker): AgentTool {
  return {
    name: "json_validator",
    description:
      "Checks JSON: its syntax, and against a JSON Schema if one is given. Says where the mistake is.",
    parameters: {
      type: "object",
      properties: {
        json: { type: "string", description: "The JSON text." },
        schema: { type: ["object", "string"], description: "A JSON Schema." },
      },
      required: ["json"],
      additionalProperties: false,
    },
    async execute(args, { signal }) {
      const { json, schema } = isRecord(args) ? args : {};
      if (typeof json !== "string" || json.length > longest) {
        throw new Error(`json must be a text of at most ${longest} characters.`);
      }
      const mistake = findSyntaxMistake(json);
      if (mistake !== undefined) {
        const { line, column, expected } = mistake;
        return {
          valid: false,
          error: `Line ${line}, column ${column}: ${expected} is expected there.`,
          line,
          column,
        };
      }
      if (schema === undefined) return { valid: true };
      const given = toSchema(schema);
      assertSchemas([{ schema: given, param: "schema", isStrict: false, isChecked: true }]);
      await schemas.prepare(given, "schema", signal);
      const checked = await schemas.check(given, json, { search: false, signal });
      if (checked.ok) return { valid: true };
      const { path, message } = checked;
      return { valid: false, error: `${path === "" ? "The value" : path} ${message}.`, path };
    },
  };
}

/** Models also write the schema as a text. */
function toSchema(given: unknown): JsonRecord {
  const schema = typeof given === "string" ? parse(given) : given;
  if (isRecord(schema)) return schema;
  throw new Error("schema must be a JSON Schema, which is an object.");
}

function parse(text: string): unknown {
  const mistake = findSyntaxMistake(text);
  if (mistake === undefined) return JSON.parse(text);
  const { line, column, expected } = mistake;
  throw new Error(`schema is no JSON: ${expected} is expected in line ${line}, column ${column}.`);
}
