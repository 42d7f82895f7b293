import { isRecord, type JsonRecord } from "../../core/json.ts";
import { readable } from "./readable.ts";

const prefix = "#/components/schemas/";

/**
 * The named schemas of the OpenAPI document. A model inside of another, or a schema with a title, becomes a component
 * of its own, so that readers see a name and generated clients get a type. In alphabetical order. Throws if two
 * schemas share a name.
 */
export function toComponents(models: JsonRecord): JsonRecord {
  const components: Record<string, JsonRecord> = {};

  function add(name: string, schema: JsonRecord): void {
    const known = components[name];
    if (known !== undefined && !Bun.deepEquals(known, schema)) {
      throw new Error(`Two schemas have the name ${name}.`);
    }
    components[name] = schema;
  }

  function refer(schema: JsonRecord): JsonRecord {
    // Elysia gives every model an `$id` that is its place in the document.
    const { $id: place, ...rest } = mapSchemas(schema, refer);
    const name = typeof place === "string" ? place.slice(prefix.length) : rest["title"];
    const plain = readable(rest);
    if (typeof name !== "string") return plain;
    add(name, plain);
    return { $ref: prefix + name };
  }

  for (const [name, model] of Object.entries(models)) {
    if (isRecord(model)) refer({ ...model, $id: prefix + name });
  }
  return Object.fromEntries(
    Object.entries(components).toSorted(([one], [other]) => one.localeCompare(other)),
  );
}

/** `schema` with every schema directly inside of it replaced. */
function mapSchemas(schema: JsonRecord, replace: (inner: JsonRecord) => JsonRecord): JsonRecord {
  const mapped: Record<string, unknown> = {};
  for (const [keyword, value] of Object.entries(schema)) {
    mapped[keyword] = mapKeyword(keyword, value, replace);
  }
  return mapped;
}

function mapKeyword(keyword: string, value: unknown, replace: (inner: JsonRecord) => JsonRecord): unknown {
  const one = (inner: unknown) => (isRecord(inner) ? replace(inner) : inner);
  switch (keyword) {
    case "properties":
    case "patternProperties":
      return isRecord(value)
        ? Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, one(inner)]))
        : value;
    case "anyOf":
    case "allOf":
      return Array.isArray(value) ? value.map(one) : value;
    case "items":
    case "additionalProperties":
      return one(value);
    default:
      return value;
  }
}
