import { type TProperties, type TSchema, Type } from "@sinclair/typebox";

/** An object of the wire: fields that we do not know are kept, because clients send many. */
export function open<Properties extends TProperties>(properties: Properties, options: object = {}) {
  return Type.Object(properties, { additionalProperties: true, ...options });
}

/** A field that may be absent; `null` means the same. */
export function nullish<Schema extends TSchema>(schema: Schema) {
  return Type.Optional(Type.Union([schema, Type.Null()]));
}

/** One of a few words. */
export function words<Word extends string>(...values: Word[]) {
  return Type.Union(values.map((value) => Type.Literal(value)));
}

/** A field that is always there and may be `null`. */
export function nullable<Schema extends TSchema>(schema: Schema) {
  return Type.Union([schema, Type.Null()]);
}
