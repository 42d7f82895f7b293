/** What the value of a keyword has to be. `schema` and the like hold schemas that are looked at in turn. */
export type KeywordForm =
  | "schema"
  | "schemas"
  | "schema map"
  | "items"
  | "dependencies"
  | "type"
  | "texts"
  | "text lists"
  | "values"
  | "count"
  | "number"
  | "positive"
  | "bound"
  | "boolean"
  | "pattern"
  | "text"
  | "reference";

/** The keywords of JSON Schema (drafts 4 to 2020-12) that say which values fit. All others are taken as they are. */
export const keywordForms: ReadonlyMap<string, KeywordForm> = new Map<string, KeywordForm>([
  ["type", "type"],
  ["enum", "values"],
  ["properties", "schema map"],
  ["patternProperties", "schema map"],
  ["additionalProperties", "schema"],
  ["unevaluatedProperties", "schema"],
  ["propertyNames", "schema"],
  ["required", "texts"],
  ["minProperties", "count"],
  ["maxProperties", "count"],
  ["dependentRequired", "text lists"],
  ["dependentSchemas", "schema map"],
  ["dependencies", "dependencies"],
  ["items", "items"],
  ["prefixItems", "schemas"],
  ["additionalItems", "schema"],
  ["unevaluatedItems", "schema"],
  ["contains", "schema"],
  ["minContains", "count"],
  ["maxContains", "count"],
  ["minItems", "count"],
  ["maxItems", "count"],
  ["uniqueItems", "boolean"],
  ["minLength", "count"],
  ["maxLength", "count"],
  ["pattern", "pattern"],
  ["format", "text"],
  ["minimum", "number"],
  ["maximum", "number"],
  ["exclusiveMinimum", "bound"],
  ["exclusiveMaximum", "bound"],
  ["multipleOf", "positive"],
  ["allOf", "schemas"],
  ["anyOf", "schemas"],
  ["oneOf", "schemas"],
  ["not", "schema"],
  ["if", "schema"],
  ["then", "schema"],
  ["else", "schema"],
  ["$defs", "schema map"],
  ["definitions", "schema map"],
  ["$ref", "reference"],
  ["$dynamicRef", "reference"],
  ["$recursiveRef", "reference"],
]);

/** Names of types, as `type` may have them. */
export const typeNames: ReadonlySet<unknown> = new Set([
  "string",
  "number",
  "integer",
  "boolean",
  "object",
  "array",
  "null",
]);
