import { Kind, Type, TypeRegistry, type TSchema, type TUnsafe } from "@sinclair/typebox";
import { describeDurations, formatSize, parseDuration, parseSize } from "../core/quantity.ts";

/** A length of time or of data as the file writes it. */
export type Quantity = TUnsafe<string | number>;

/** Bounds are in milliseconds or bytes. */
interface QuantitySchema extends TSchema {
  [Kind]: "Duration" | "Size";
  /** For a person: which values are taken. */
  expected: string;
  "x-minimum": number;
  "x-maximum": number;
}

interface Bounds {
  /** As it would be written in the file. */
  default?: string;
  minimum: number;
  maximum: number;
  description: string;
}

/** A duration between two numbers of milliseconds. */
export function durationSchema(bounds: Bounds): Quantity {
  return quantitySchema("Duration", bounds, describeDurations(bounds.minimum, bounds.maximum));
}

/** A size between two numbers of bytes. */
export function sizeSchema(bounds: Bounds): Quantity {
  const range = `from ${formatSize(bounds.minimum)} to ${formatSize(bounds.maximum)}`;
  return quantitySchema("Size", bounds, `a size ${range}, such as 32MiB or 10MB`);
}

function quantitySchema(kind: QuantitySchema[typeof Kind], bounds: Bounds, expected: string): Quantity {
  return Type.Unsafe<string | number>({
    [Kind]: kind,
    type: ["string", "number"],
    ...(bounds.default !== undefined && { default: bounds.default }),
    description: bounds.description,
    expected,
    "x-minimum": bounds.minimum,
    "x-maximum": bounds.maximum,
  });
}

function within(schema: QuantitySchema, quantity: number | undefined): boolean {
  return quantity !== undefined && quantity >= schema["x-minimum"] && quantity <= schema["x-maximum"];
}

TypeRegistry.Set<QuantitySchema>("Duration", (schema, value) => within(schema, parseDuration(value)));
TypeRegistry.Set<QuantitySchema>("Size", (schema, value) => within(schema, parseSize(value)));
