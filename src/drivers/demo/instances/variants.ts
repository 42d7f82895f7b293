import { isRecord, mergeKeywords, read, type Keywords } from "./keywords.ts";

/** One way to satisfy a schema: keywords without references and alternatives. */
export interface Variant {
  keywords: Keywords;
  /** References that were followed to get here; following one of them again would be a circle. */
  trail: ReadonlySet<string>;
}

export interface VariantContext {
  /** What `#` refers to. */
  root: Keywords;
  /** Which alternative of each `anyOf` and `oneOf` comes first. */
  first: number;
  /** Called once for each schema object that is visited; throws when there were too many. */
  visit(): void;
}

/**
 * The ways to satisfy `schema`, lazily, the preferred first: `$ref` inside the document followed, `allOf`
 * merged, one alternative taken of each `anyOf`, `oneOf` and `if`. None when it leads in a circle or out of
 * the document. `not` and the exclusiveness of `oneOf` are not looked at; validation is.
 */
export function* variants(
  schema: unknown,
  trail: ReadonlySet<string>,
  context: VariantContext,
): Generator<Variant> {
  context.visit();
  if (schema === true) yield { keywords: {}, trail };
  if (!isRecord(schema)) return;
  const { $ref, allOf, anyOf, oneOf, if: condition, then: consequence, else: alternative, ...own } = schema;
  const parts: Part[] = [];
  if (typeof $ref === "string") {
    if (trail.has($ref)) return;
    parts.push({ alternatives: [resolvePointer(context.root, $ref)], trail: new Set(trail).add($ref) });
  }
  for (const part of toArray(allOf)) parts.push({ alternatives: [part], trail });
  for (const choice of [anyOf, oneOf]) {
    if (Array.isArray(choice)) parts.push({ alternatives: rotate(choice, context.first), trail });
  }
  if (condition !== undefined) {
    const whenTrue = { allOf: [condition, consequence ?? true] };
    parts.push({ alternatives: rotate([whenTrue, alternative ?? true], context.first), trail });
  }
  yield* combine({ keywords: own, trail }, parts, context);
}

interface Part {
  alternatives: readonly unknown[];
  trail: ReadonlySet<string>;
}

function* combine(base: Variant, parts: readonly Part[], context: VariantContext): Generator<Variant> {
  const [part, ...rest] = parts;
  if (part === undefined) {
    yield base;
    return;
  }
  for (const alternative of part.alternatives) {
    for (const variant of variants(alternative, part.trail, context)) {
      const keywords = mergeKeywords(variant.keywords, base.keywords);
      if (keywords === undefined) continue;
      yield* combine({ keywords, trail: base.trail.union(variant.trail) }, rest, context);
    }
  }
}

/** `items`, the one at `first` before the others, null last: an example says more than its absence. */
function rotate(items: readonly unknown[], first: number): readonly unknown[] {
  const start = items.length === 0 ? 0 : first % items.length;
  const rotated = [...items.slice(start), ...items.slice(0, start)];
  return [...rotated.filter((item) => !isNull(item)), ...rotated.filter(isNull)];
}

/** The value at a JSON pointer in a URI fragment (RFC 6901 section 6); undefined outside the document. */
function resolvePointer(root: Keywords, reference: string): unknown {
  if (reference === "#") return root;
  if (!reference.startsWith("#/")) return undefined;
  let value: unknown = root;
  for (const segment of decodeURIComponent(reference.slice(2)).split("/")) {
    const key = segment.replaceAll("~1", "/").replaceAll("~0", "~");
    if (typeof value !== "object" || value === null || !Object.hasOwn(value, key)) return undefined;
    value = new Map<string, unknown>(Object.entries(value)).get(key);
  }
  return value;
}

function isNull(schema: unknown): boolean {
  return isRecord(schema) && read(schema, "type") === "null";
}

function toArray(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}
