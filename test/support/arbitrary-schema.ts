import { Kind, OptionalKind, type TSchema } from "@sinclair/typebox";
import * as fc from "fast-check";

/** Values that a schema of ours accepts; open objects get fields that nobody knows as well. */
export function arbitraryFor(schema: TSchema): fc.Arbitrary<unknown> {
  switch (schema[Kind]) {
    case "Object":
      return arbitraryObject(schema);
    case "Union": {
      const variants: readonly TSchema[] = schema["anyOf"];
      return fc.oneof(...variants.map((variant) => arbitraryFor(variant)));
    }
    case "Literal":
      return fc.constant(schema["const"]);
    case "String":
      return arbitraryString(schema);
    case "Integer":
      return fc.integer({ min: schema["minimum"] ?? -1_000, max: schema["maximum"] ?? 1_000 });
    case "Number":
      return fc.double({ min: schema["minimum"] ?? -1_000, max: schema["maximum"] ?? 1_000, noNaN: true });
    case "Boolean":
      return fc.boolean();
    case "Null":
      return fc.constant(null);
    case "Array":
      return fc.array(arbitraryFor(schema["items"]), {
        minLength: schema["minItems"] ?? 0,
        maxLength: Math.min(schema["maxItems"] ?? 3, 3),
      });
    case "Record":
      return arbitraryRecord(schema);
    case "Unknown":
      return fc.jsonValue();
    default:
      throw new Error(`There is no generator for schemas of the kind ${schema[Kind]}.`);
  }
}

function arbitraryObject(schema: TSchema): fc.Arbitrary<unknown> {
  const properties: [string, TSchema][] = Object.entries(schema["properties"]);
  const known = fc.record(
    Object.fromEntries(properties.map(([name, property]) => [name, arbitraryFor(property)])),
    {
      requiredKeys: properties.filter(([, property]) => !(OptionalKind in property)).map(([name]) => name),
    },
  );
  if (schema["additionalProperties"] !== true) return known;
  const unknown = fc.dictionary(fc.constantFrom("x", "__proto__", "constructor"), fc.jsonValue(), {
    maxKeys: 2,
  });
  return fc.tuple(unknown, known).map(([extra, object]) => ({ ...extra, ...object }));
}

function arbitraryRecord(schema: TSchema): fc.Arbitrary<unknown> {
  const patterns: [string, TSchema][] = Object.entries(schema["patternProperties"]);
  const dictionaries = patterns.map(([pattern, value]) => {
    const keys = fc.stringMatching(new RegExp(pattern), { size: "-1" });
    return fc.dictionary(keys, arbitraryFor(value), { maxKeys: 2 });
  });
  return fc.oneof(...dictionaries);
}

/** fast-check knows no lookahead: what it excludes is rare. */
function stringMatching(pattern: string): fc.Arbitrary<string> {
  const plain = pattern.replaceAll(/\(\?!(?:[^()]|\([^()]*\))*\)/g, "");
  const whole = new RegExp(pattern);
  return fc.stringMatching(new RegExp(plain)).filter((text) => whole.test(text));
}

function arbitraryString(schema: TSchema): fc.Arbitrary<string> {
  const minLength: number = schema["minLength"] ?? 0;
  const maxLength: number = schema["maxLength"] ?? 20;
  const pattern: string | undefined = schema["pattern"];
  const text =
    pattern === undefined
      ? fc.string({ unit: "binary", minLength, maxLength: Math.min(maxLength, 20) })
      : stringMatching(pattern);
  return text.filter((value) => value.length >= minLength && value.length <= maxLength);
}
