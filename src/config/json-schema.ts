import { isMapping } from "./path.ts";
import type { DriverSchemas } from "./model-schema.ts";
import { createFileSchema } from "./schema.ts";

/** JSON Schema (draft 7) of the configuration file, for editors; what has a default is not required. */
export function createJsonSchema(drivers: DriverSchemas): Record<string, unknown> {
  return { $schema: "http://json-schema.org/draft-07/schema#", ...publish({ ...createFileSchema(drivers) }) };
}

/** Our own keywords, which only the messages of this program use. */
const ownKeywords = new Set(["expected", "expectedKey", "x-minimum", "x-maximum"]);

function publish(schema: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const published: Record<string, unknown> = {};
  for (const [keyword, value] of Object.entries(schema)) {
    if (ownKeywords.has(keyword)) continue;
    else if (keyword === "required" && Array.isArray(value)) {
      const required = value.filter((key) => !hasDefault(schema["properties"], key));
      if (required.length > 0) published[keyword] = required;
    } else if (keyword === "default") published[keyword] = value;
    // Names of keys, which may be called like keywords.
    else if (keyword === "properties" && isMapping(value)) {
      published[keyword] = Object.fromEntries(
        Object.entries(value).map(([key, property]) => [key, publishValue(property)]),
      );
    } else published[keyword] = publishValue(value);
  }
  if (typeof schema["expected"] === "string") {
    published["description"] = [schema["description"], `Must be ${schema["expected"]}.`]
      .filter(Boolean)
      .join(" ");
  }
  return published;
}

function publishValue(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(publishValue);
  return isMapping(value) ? publish(value) : value;
}

function hasDefault(properties: unknown, key: unknown): boolean {
  const property = isMapping(properties) && typeof key === "string" ? properties[key] : undefined;
  return isMapping(property) && property["default"] !== undefined;
}
