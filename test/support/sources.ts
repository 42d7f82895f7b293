/** A source that a test plays by hand. It ignores every signal, as a bad driver would. */
export interface HeldSource<Item> extends AsyncIterable<Item> {
  give(item: Item): void;
  end(): void;
  fail(reason: Error): void;
  /** How often it was asked for an item. */
  readonly reads: number;
  /** Whether its reader said that it wants no more. */
  readonly returned: boolean;
}

export function heldSource<Item>(): HeldSource<Item> {
  const settled: (() => Promise<IteratorResult<Item>>)[] = [];
  const waiting: ((read: Promise<IteratorResult<Item>>) => void)[] = [];
  let reads = 0;
  let returned = false;
  const settle = (read: () => Promise<IteratorResult<Item>>) => {
    const reader = waiting.shift();
    if (reader === undefined) settled.push(read);
    else reader(read());
  };
  return {
    give: (value) => settle(() => Promise.resolve({ done: false, value })),
    end: () => settle(() => Promise.resolve({ done: true, value: undefined })),
    fail: (reason) => settle(() => Promise.reject(reason)),
    get reads() {
      return reads;
    },
    get returned() {
      return returned;
    },
    [Symbol.asyncIterator]: () => ({
      next() {
        reads++;
        const read = settled.shift();
        return read === undefined ? new Promise((resolve) => waiting.push(resolve)) : read();
      },
      return() {
        returned = true;
        return Promise.resolve({ done: true, value: undefined });
      },
    }),
  };
}

/** Resolves as soon as `condition` holds; rejects after `limitMs`. */
export async function until(condition: () => boolean | Promise<boolean>, limitMs = 5_000): Promise<void> {
  const deadline = performance.now() + limitMs;
  while (!(await condition())) {
    if (performance.now() > deadline) throw new Error(`It did not become true: ${condition.toString()}`);
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
}

/** Lets everything run that is ready to, so many times over. */
export async function turns(count: number): Promise<void> {
  for (let turn = 0; turn < count; turn++) await new Promise((resolve) => setImmediate(resolve));
}
