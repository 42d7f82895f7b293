/** Operators on async iterables. None of them buffers more than one item. */

/** Like `source`, but a pending read fails as soon as `signal` aborts, whatever the source does. */
export async function* abortable<T>(source: AsyncIterable<T>, signal: AbortSignal): AsyncGenerator<T> {
  const iterator = source[Symbol.asyncIterator]();
  let fail: ((reason: unknown) => void) | undefined;
  const onAbort = () => fail?.(signal.reason);
  signal.addEventListener("abort", onAbort, { once: true });
  try {
    for (;;) {
      signal.throwIfAborted();
      const result = await new Promise<IteratorResult<T>>((resolve, reject) => {
        fail = reject;
        iterator.next().then(resolve, reject);
      });
      if (result.done === true) return;
      yield result.value;
    }
  } finally {
    signal.removeEventListener("abort", onAbort);
    // Not awaited: it queues behind a pending read, and the source has been told through the signal.
    void iterator.return?.().then(undefined, () => {});
  }
}

export interface Head<T> {
  /** Everything, the first item included. */
  items: AsyncIterable<T>;
  /** False when the time ran out before the first item came. */
  started: boolean;
}

/**
 * Waits for the first item, at most `milliseconds`, so that an early failure can still be a status.
 * Throws what the source throws in that time.
 */
export async function untilFirst<T>(source: AsyncIterable<T>, milliseconds: number): Promise<Head<T>> {
  const iterator = source[Symbol.asyncIterator]();
  const first = iterator.next();
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<false>((resolve) => {
    timer = setTimeout(resolve, milliseconds, false);
  });
  try {
    const started = await Promise.race([first.then(() => true as const), late]);
    return { items: resume(first, iterator), started };
  } finally {
    clearTimeout(timer);
  }
}

async function* resume<T>(first: Promise<IteratorResult<T>>, iterator: AsyncIterator<T>): AsyncGenerator<T> {
  try {
    for (let result = await first; result.done !== true; result = await iterator.next()) yield result.value;
  } finally {
    void iterator.return?.().then(undefined, () => {});
  }
}

/**
 * Items of all sources as they come, in no fixed order between sources; the next read of a source waits until
 * its last item was taken. No more than `limit` sources are open at once. The first failure ends everything.
 */
export async function* merge<T>(
  sources: readonly AsyncIterable<T>[],
  limit = sources.length,
): AsyncGenerator<T> {
  const iterators = sources.map((source) => source[Symbol.asyncIterator]());
  const arrived: (() => { iterator: AsyncIterator<T>; result: IteratorResult<T> })[] = [];
  let wake: (() => void) | undefined;
  const arrive = (take: (typeof arrived)[number]) => {
    arrived.push(take);
    wake?.();
  };
  const read = (iterator: AsyncIterator<T>) => {
    iterator.next().then(
      (result) => arrive(() => ({ iterator, result })),
      (reason: unknown) =>
        arrive(() => {
          throw reason;
        }),
    );
  };
  try {
    const waiting = iterators.slice(limit);
    for (const iterator of iterators.slice(0, limit)) read(iterator);
    let open = iterators.length;
    while (open > 0) {
      for (let take = arrived.shift(); take !== undefined; take = arrived.shift()) {
        const { iterator, result } = take();
        if (result.done === true) {
          open--;
          const next = waiting.shift();
          if (next !== undefined) read(next);
        } else {
          yield result.value;
          read(iterator);
        }
      }
      if (open > 0 && arrived.length === 0) {
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
    }
  } finally {
    for (const iterator of iterators) void iterator.return?.().then(undefined, () => {});
  }
}
