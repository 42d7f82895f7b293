import { Kind, OptionalKind, type Static, type TSchema, Type } from "@sinclair/typebox";
import { type TypeCheck, TypeCompiler } from "@sinclair/typebox/compiler";
import { type ValueError, ValueErrorType } from "@sinclair/typebox/errors";
import { Value } from "@sinclair/typebox/value";
import { ServeError } from "../core/error.ts";
import { isRecord, type JsonRecord } from "../core/json.ts";

/** A schema in the form in which Elysia takes those of any library (Standard Schema, version 1). */
export interface BodyCheck<Body> {
  readonly "~standard": {
    readonly version: 1;
    readonly vendor: string;
    validate(value: unknown): { value: Body };
    readonly types?: { readonly input: Body; readonly output: Body };
  };
}

/** Checks that come before the schema, because they are cheap and the schema's are not. */
export type Precheck = (body: JsonRecord) => void;

/**
 * A TypeBox schema as the `body` of a route. Elysia's own check of one would write the whole body into its error; this
 * one throws the first problem as an `invalid_request` that names the field. Compiled on first use.
 */
export function checked<Schema extends TSchema>(
  schema: Schema,
  precheck: Precheck = () => {},
): BodyCheck<Static<Schema>> {
  let compiled: TypeCheck<Schema> | undefined;
  return {
    "~standard": {
      version: 1,
      vendor: "typebox",
      validate(value) {
        if (isRecord(value)) precheck(value);
        compiled ??= TypeCompiler.Compile(schema);
        if (!compiled.Check(value)) throw explain(schema, value);
        return { value };
      },
    },
  };
}

/** The first thing wrong with `value`, as OpenAI words it: a code and the path of the field, never its content. */
export function explain(schema: TSchema, value: unknown): ServeError {
  const first = leading(Value.Errors(schema, value));
  if (first === undefined) return new ServeError("invalid_request", "The request is not valid.");
  const error = deepest(first);
  const param = toParam(error.path, value);
  const { code, sentence } = describe(error);
  const name = param === "" ? "The request body" : `'${param}'`;
  return new ServeError("invalid_request", `${name} ${sentence}.`, {
    code,
    ...(param === "" ? {} : { param }),
  });
}

/**
 * TypeBox says only "expected union value" for a union. What the client meant is told by the word that tells the
 * variants apart, where there is one; else it is the variant that got deepest into the value.
 */
function deepest(error: ValueError): ValueError {
  if (error.type !== ValueErrorType.Union) return error;
  const firsts = error.errors.map(leading);
  const variants: readonly TSchema[] = error.schema["anyOf"];
  const tag = tagOf(variants);
  if (tag !== undefined && isRecord(error.value)) {
    const word = error.value[tag];
    const meant = variants.findIndex((variant) => allows(propertyOf(variant, tag), word));
    const first = firsts[meant];
    if (first !== undefined) return deepest(first);
    return wrongTag(error, tag, variants, word);
  }
  const candidates = firsts
    .filter((first) => first !== undefined)
    .filter((first) => first.schema[Kind] !== "Null")
    .map(deepest);
  const [only] = candidates;
  if (only !== undefined && candidates.length === 1) return only;
  // A value of the right type for its variant is only out of bounds there.
  return (
    candidates.find((candidate) => candidate.path.length > error.path.length) ??
    candidates.find((candidate) => !typeMismatches.has(candidate.type)) ??
    sameDepth(error, variants)
  );
}

/**
 * The first error, but for one thing: TypeBox tells of missing properties before wrong ones, while a wrong `type`
 * is why the others are missing.
 */
function leading(errors: Iterable<ValueError>): ValueError | undefined {
  let first: ValueError | undefined;
  let seen = 0;
  for (const error of errors) {
    if (first === undefined && error.type !== ValueErrorType.ObjectRequiredProperty) return error;
    first ??= error;
    const owner = first.path.slice(0, first.path.lastIndexOf("/"));
    const isTag = tags.some((tag) => error.path === `${owner}/${tag}`);
    if (isTag && error.type === ValueErrorType.Literal) return error;
    if (++seen > 16) break;
  }
  return first;
}

const tags = ["role", "type", "mode"];

/** The property by whose word the object variants of a union are told apart; one of them may be for all other words. */
function tagOf(variants: readonly TSchema[]): string | undefined {
  const objects = variants.filter((variant) => variant[Kind] === "Object");
  return tags.find((name) => {
    const tagged = objects.map((variant) => propertyOf(variant, name));
    const hasWords = tagged.some((each) => literals(each).length > 0);
    return hasWords && tagged.every((each) => literals(each).length > 0 || isOtherWord(each));
  });
}

function allows(tagged: TSchema, word: unknown): boolean {
  if (word === undefined || word === null) return OptionalKind in tagged;
  if (typeof word !== "string") return false;
  return literals(tagged).includes(word) || (isOtherWord(tagged) && new RegExp(tagged["pattern"]).test(word));
}

function isOtherWord(tagged: TSchema): boolean {
  return tagged[Kind] === "String" && typeof tagged["pattern"] === "string";
}

function propertyOf(variant: TSchema, name: string): TSchema {
  return variant["properties"]?.[name] ?? {};
}

function wrongTag(error: ValueError, tag: string, variants: readonly TSchema[], word: unknown): ValueError {
  const schema: TSchema = Type.Union(
    variants.map((variant) => propertyOf(variant, tag)).filter((tagged) => Kind in tagged),
  );
  return {
    ...error,
    path: `${error.path}/${tag}`,
    schema,
    value: word,
    type: word === undefined ? ValueErrorType.ObjectRequiredProperty : ValueErrorType.Literal,
  };
}

/** Nothing in the value tells what was meant: name all that would do. */
function sameDepth(error: ValueError, variants: readonly TSchema[]): ValueError {
  return literals(error.schema).length > 0 && typeof error.value === "string"
    ? { ...error, type: ValueErrorType.Literal }
    : {
        ...error,
        schema: { ...error.schema, type: typeNames(variants).join(" or ") },
        type: ValueErrorType.Object,
      };
}

function typeNames(variants: readonly TSchema[]): string[] {
  const names = variants.flatMap((variant) => {
    if (variant["anyOf"] !== undefined) return typeNames(variant["anyOf"]);
    return variant[Kind] === "Null" ? [] : [String(variant["type"])];
  });
  return [...new Set(names)];
}

const typeMismatches: ReadonlySet<ValueErrorType> = new Set([
  ValueErrorType.Array,
  ValueErrorType.Boolean,
  ValueErrorType.Integer,
  ValueErrorType.Literal,
  ValueErrorType.Number,
  ValueErrorType.Object,
  ValueErrorType.String,
  ValueErrorType.Union,
]);

function describe(error: ValueError): { code: string; sentence: string } {
  const { schema, type } = error;
  const integer = schema[Kind] === "Integer";
  switch (type) {
    case ValueErrorType.ObjectRequiredProperty:
      return { code: "missing_required_parameter", sentence: "is required, but it is missing" };
    case ValueErrorType.ArrayMinItems:
      return { code: "empty_array", sentence: `must have at least ${schema["minItems"]} item` };
    case ValueErrorType.ArrayMaxItems:
      return { code: "array_above_max_length", sentence: `must have at most ${schema["maxItems"]} items` };
    case ValueErrorType.StringMaxLength:
      return {
        code: "string_above_max_length",
        sentence: `must have at most ${schema["maxLength"]} characters`,
      };
    case ValueErrorType.StringMinLength:
      return {
        code: "string_below_min_length",
        sentence: `must have at least ${schema["minLength"]} character`,
      };
    case ValueErrorType.ObjectMaxProperties:
      return {
        code: "object_above_max_properties",
        sentence: `must have at most ${schema["maxProperties"]} entries`,
      };
    case ValueErrorType.StringPattern:
      return {
        code: "invalid_value",
        sentence: `has characters that are not allowed (it must match ${schema["pattern"]})`,
      };
    case ValueErrorType.IntegerMaximum:
    case ValueErrorType.NumberMaximum:
      return {
        code: `${integer ? "integer" : "decimal"}_above_max_value`,
        sentence: `must be at most ${schema["maximum"]}`,
      };
    case ValueErrorType.IntegerMinimum:
    case ValueErrorType.NumberMinimum:
      return {
        code: `${integer ? "integer" : "decimal"}_below_min_value`,
        sentence: `must be at least ${schema["minimum"]}`,
      };
    case ValueErrorType.Integer:
    case ValueErrorType.Number:
      return error.value === Infinity || error.value === -Infinity
        ? {
            code: `${integer ? "integer" : "decimal"}_${error.value > 0 ? "above_max" : "below_min"}_value`,
            sentence: "is out of range",
          }
        : typeMismatch(String(schema["type"]), error.value);
    case ValueErrorType.Literal: {
      const allowed = literals(schema);
      if (allowed.length > 0 && typeof error.value !== "string") return typeMismatch("string", error.value);
      const list = allowed.map((word) => `'${word}'`).join(", ");
      return {
        code: "invalid_value",
        sentence: list === "" ? "has a value that is not allowed" : `must be one of: ${list}`,
      };
    }
    default:
      return typeMismatches.has(type)
        ? typeMismatch(String(schema["type"] ?? "value"), error.value)
        : { code: "invalid_value", sentence: "has a value that is not allowed" };
  }
}

function typeMismatch(expected: string, value: unknown): { code: string; sentence: string } {
  return {
    code: "invalid_type",
    sentence: `must be of type ${expected}, but it is of type ${typeName(value)}`,
  };
}

function literals(schema: TSchema): string[] {
  if (schema["const"] !== undefined) return [String(schema["const"])];
  const variants: unknown = schema["anyOf"];
  return Array.isArray(variants) ? variants.flatMap((variant: TSchema) => literals(variant)) : [];
}

function typeName(value: unknown): string {
  if (value === null) return "null";
  if (Array.isArray(value)) return "array";
  if (typeof value === "number") return Number.isInteger(value) ? "integer" : "number";
  return typeof value;
}

/** `/messages/0/content` -> `messages[0].content`. Whether `0` is an index or a key is told by `value`, the whole. */
export function toParam(pointer: string, value: unknown): string {
  let param = "";
  let parent = value;
  for (const raw of pointer.split("/").slice(1)) {
    const key = raw.replaceAll("~1", "/").replaceAll("~0", "~");
    if (Array.isArray(parent)) {
      param += `[${key}]`;
      parent = parent[Number(key)];
    } else {
      param += param === "" ? key : `.${key}`;
      parent = isRecord(parent) ? parent[key] : undefined;
    }
  }
  return param.slice(0, 256);
}
