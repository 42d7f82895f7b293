/**
 * TypeBox (https://github.com/sinclairzx81/typebox) as `oai-serve types` shows it to files that have nothing installed:
 * the builders that arguments of tools need. At run time `Type` is TypeBox's own, with all that it has.
 */
export interface TypeBuilder {
  String(options?: SchemaOptions): TypedSchema<string>;
  Number(options?: SchemaOptions): TypedSchema<number>;
  Integer(options?: SchemaOptions): TypedSchema<number>;
  Boolean(options?: SchemaOptions): TypedSchema<boolean>;
  Null(options?: SchemaOptions): TypedSchema<null>;
  Unknown(options?: SchemaOptions): TypedSchema;
  /** Exactly this value. */
  Literal<const Value extends string | number | boolean>(
    value: Value,
    options?: SchemaOptions,
  ): TypedSchema<Value>;
  /** One of several, as `Type.Union([Type.Literal("a"), Type.Literal("b")])`. */
  Union<const Variants extends readonly TypedSchema[]>(
    variants: [...Variants],
    options?: SchemaOptions,
  ): TypedSchema<Variants[number]["static"]>;
  Array<Element extends TypedSchema>(
    element: Element,
    options?: SchemaOptions,
  ): TypedSchema<Element["static"][]>;
  Tuple<const Elements extends readonly TypedSchema[]>(
    elements: [...Elements],
    options?: SchemaOptions,
  ): TypedSchema<{ -readonly [Index in keyof Elements]: Elements[Index]["static"] }>;
  Object<Properties extends Record<string, TypedSchema>>(
    properties: Properties,
    options?: SchemaOptions,
  ): TypedSchema<StaticObject<Properties>>;
  /** Any number of properties, all alike. */
  Record<Value extends TypedSchema>(
    key: TypedSchema<string>,
    value: Value,
    options?: SchemaOptions,
  ): TypedSchema<Record<string, Value["static"]>>;
  /** A property that may be absent. */
  Optional<Schema extends TypedSchema>(schema: Schema): OptionalSchema<Schema["static"]>;
  /** Any JSON Schema, with the type that you say it has. */
  Unsafe<Type>(schema: Record<string, unknown>): TypedSchema<Type>;
}

/** JSON Schema that knows the type of what it describes. */
export interface TypedSchema<Type = unknown> {
  /** Of the type only: there is no such value. */
  readonly static: Type;
  [keyword: string]: unknown;
}

export interface OptionalSchema<Type = unknown> extends TypedSchema<Type> {
  readonly "~optional": true;
}

/** Keywords of JSON Schema. */
export interface SchemaOptions {
  description?: string;
  default?: unknown;
  [keyword: string]: unknown;
}

/** The type of what a schema describes. */
export type Static<Schema extends { static: unknown }> = Schema["static"];

export type StaticObject<Properties extends Record<string, TypedSchema>> = {
  [
    Key in keyof Properties as Properties[Key] extends OptionalSchema ? never : Key
  ]: Properties[Key]["static"];
} & {
  [
    Key in keyof Properties as Properties[Key] extends OptionalSchema ? Key : never
  ]?: Properties[Key]["static"];
};
