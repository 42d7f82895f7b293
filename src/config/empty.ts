import type { TSchema } from "@sinclair/typebox";
import { isMapping } from "./path.ts";
import { kindsOf } from "./problems.ts";

type Mapping = Readonly<Record<string, unknown>>;

/**
 * A copy in which settings and sections without a value (null) are not there, so that they have their defaults.
 * What the schema does not know, and a backend or a model without anything, stays for the schema to refuse.
 */
export function withoutEmpty(schema: TSchema, value: Mapping): Mapping {
  const { properties, entry } = childrenOf(schema, value);
  return Object.fromEntries(
    Object.entries(value).flatMap(([key, item]) => {
      const known = properties !== undefined && Object.hasOwn(properties, key) ? properties[key] : undefined;
      if (known !== undefined && item === null) return [];
      const child = known ?? entry;
      return [[key, child !== undefined && isMapping(item) ? withoutEmpty(child, item) : item] as const];
    }),
  );
}

interface Children {
  /** Of an object: the schemas of its keys. */
  properties?: Readonly<Record<string, TSchema>> | undefined;
  /** Of a table by names: the schema of each entry. */
  entry?: TSchema | undefined;
}

function childrenOf(schema: TSchema, value: Mapping): Children {
  const kind = value["kind"];
  const variant = typeof kind === "string" ? kindsOf(schema).get(kind) : undefined;
  const { properties, patternProperties = {} } = variant ?? schema;
  return { properties, entry: Object.values<TSchema>(patternProperties)[0] };
}
