/** Thrown when work on a schema would take too much. */
export class TooLargeError extends RangeError {
  override readonly name = "TooLargeError";
}

const fewValues = 5_000;
const maxDepth = 64;
const maxCharacters = 200_000;

/**
 * Whether `schema` has at most `maxValues` values, 64 levels and 200,000 characters; takes less than a millisecond for
 * the standard bound.
 */
export function isSmall(schema: unknown, maxValues = fewValues): boolean {
  const open: { value: unknown; depth: number }[] = [{ value: schema, depth: 0 }];
  let nodes = 1;
  let characters = 0;
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    const { value, depth } = next;
    if (typeof value === "string") characters += value.length;
    if (characters > maxCharacters) return false;
    if (typeof value !== "object" || value === null) continue;
    const keys = Array.isArray(value) ? [] : Object.keys(value);
    nodes += Array.isArray(value) ? value.length : keys.length;
    if (nodes > maxValues || depth === maxDepth) return false;
    for (const key of keys) characters += key.length;
    for (const inner of Object.values(value)) open.push({ value: inner, depth: depth + 1 });
  }
  return true;
}
