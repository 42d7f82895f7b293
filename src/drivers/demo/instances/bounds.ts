/** Thrown when making an instance of a schema would take too much; never leaves this folder. */
export class TooLargeError extends RangeError {
  override readonly name = "TooLargeError";
}

const maxNodes = 5_000;
const maxDepth = 64;

/** Throws `TooLargeError` unless `schema` has at most 5,000 values and 64 levels. */
export function assertSmall(schema: unknown): void {
  const open: { value: unknown; depth: number }[] = [{ value: schema, depth: 0 }];
  let nodes = 0;
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    if (++nodes > maxNodes || next.depth > maxDepth) throw new TooLargeError("The schema is too large.");
    if (typeof next.value !== "object" || next.value === null) continue;
    for (const value of Object.values(next.value)) open.push({ value, depth: next.depth + 1 });
  }
}

/** Counts work down from `total`; `spend` throws `TooLargeError` once it is used up. */
export function createBudget(total: number): { spend(amount: number): void } {
  let left = total;
  return {
    spend(amount) {
      left -= amount;
      // Written so that NaN fails too.
      if (!(left >= 0)) throw new TooLargeError("The instance would be too large.");
    },
  };
}
