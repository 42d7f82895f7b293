/**
 * What `work` gives for each item, in their order, with at most `most` of them under way. Rejects with the first failure,
 * after which no more is begun.
 */
export async function mapAtMost<Item, Result>(
  most: number,
  items: readonly Item[],
  work: (item: Item, index: number) => Promise<Result>,
): Promise<Result[]> {
  const results: Result[] = [];
  const waiting = endedByOne(items.entries());
  const worker = async () => {
    for (const [index, item] of waiting) results[index] = await work(item, index);
  };
  await Promise.all(Array.from({ length: Math.min(most, items.length) }, worker));
  return results;
}

/** Ends for all who take from it once one of them leaves. */
function* endedByOne<Item>(items: Iterable<Item>): Generator<Item> {
  yield* items;
}
