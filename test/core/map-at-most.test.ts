import { expect, test } from "bun:test";
import { mapAtMost } from "../../src/core/map-at-most.ts";
import { nextTurn } from "../../src/core/next-turn.ts";

test("results stand in the order of their items, however they come", async () => {
  const first = Promise.withResolvers<string>();

  const results = mapAtMost(2, ["a", "b", "c"], async (item, index) => {
    if (index === 0) return await first.promise;
    if (index === 2) first.resolve(item);
    return item;
  });

  expect(await results).toEqual(["c", "b", "c"]);
});

test("after a failure no more is begun", async () => {
  const begun: number[] = [];
  const slow = Promise.withResolvers<void>();

  const results = mapAtMost(2, [0, 1, 2, 3], async (item) => {
    begun.push(item);
    if (item === 0) await slow.promise;
    else throw new Error("broken");
  });

  const failure = await results.catch((error: unknown) => error);
  slow.resolve();
  await nextTurn();
  expect(failure).toEqual(new Error("broken"));
  expect(begun).toEqual([0, 1]);
});
