/** What is read of one schema object; its values have not been looked at. */
export type Keywords = Readonly<Record<string, unknown>>;

export function isRecord(value: unknown): value is Keywords {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Unlike `record[name]`, does not find what every object inherits. */
export function read(record: Keywords, name: string): unknown {
  return Object.hasOwn(record, name) ? record[name] : undefined;
}

/** The number under `name`, or `otherwise`. */
export function readNumber(keywords: Keywords, name: string, otherwise: number): number {
  const value = read(keywords, name);
  return typeof value === "number" ? value : otherwise;
}

/** The texts of the array under `name`; none when it is not an array. */
export function readTexts(keywords: Keywords, name: string): readonly string[] {
  const value = read(keywords, name);
  return Array.isArray(value) ? value.filter((item) => typeof item === "string") : [];
}

/**
 * One set of keywords that asks for both `left` and `right`, or undefined when no value can satisfy both.
 * Keywords that cannot be joined are taken from `right`; the validation at the end finds out.
 */
export function mergeKeywords(left: Keywords, right: Keywords): Keywords | undefined {
  const merged = new Map(Object.entries(left));
  for (const [name, value] of Object.entries(right)) {
    const join = merged.has(name) ? joins.get(name) : undefined;
    const joined = join === undefined ? value : join(merged.get(name), value);
    if (joined === contradiction) return undefined;
    merged.set(name, joined);
  }
  // Unlike assignment, this takes a property called "__proto__" as any other.
  return Object.fromEntries(merged);
}

const contradiction = Symbol("contradiction");

type Join = (left: unknown, right: unknown) => unknown;

const larger: Join = (left, right) => Math.max(Number(left), Number(right));
const smaller: Join = (left, right) => Math.min(Number(left), Number(right));
const both: Join = (left, right) => ({ allOf: [left, right] });

const joins = new Map<string, Join>([
  ...["minimum", "exclusiveMinimum", "minLength", "minItems", "minProperties", "minContains"].map(
    (name) => [name, larger] as const,
  ),
  ...["maximum", "exclusiveMaximum", "maxLength", "maxItems", "maxProperties"].map(
    (name) => [name, smaller] as const,
  ),
  ...["items", "contains", "additionalProperties"].map((name) => [name, both] as const),
  ["const", (left, right) => (Bun.deepEquals(left, right, true) ? right : contradiction)],
  ["enum", joinEnums],
  ["properties", joinProperties],
  ["required", (left, right) => (Array.isArray(left) && Array.isArray(right) ? [...left, ...right] : right)],
  ["type", joinTypes],
]);

function joinTypes(left: unknown, right: unknown): unknown {
  const leftTypes = Array.isArray(left) ? left : [left];
  const rightTypes = Array.isArray(right) ? right : [right];
  const shared = [
    ...leftTypes.filter(
      (type) => rightTypes.includes(type) || (type === "integer" && rightTypes.includes("number")),
    ),
    ...(leftTypes.includes("number") && !leftTypes.includes("integer") && rightTypes.includes("integer")
      ? ["integer"]
      : []),
  ];
  return shared.length === 0 ? contradiction : shared;
}

function joinEnums(left: unknown, right: unknown): unknown {
  if (!Array.isArray(left) || !Array.isArray(right)) return right;
  const shared = left.filter((value) => right.some((other) => Bun.deepEquals(value, other, true)));
  return shared.length === 0 ? contradiction : shared;
}

function joinProperties(left: unknown, right: unknown): unknown {
  if (!isRecord(left) || !isRecord(right)) return right;
  const joined = new Map(Object.entries(left));
  for (const [name, schema] of Object.entries(right)) {
    joined.set(name, joined.has(name) ? both(joined.get(name), schema) : schema);
  }
  return Object.fromEntries(joined);
}
