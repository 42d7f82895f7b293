import { expect, test } from "bun:test";
import { createPermits } from "../../src/core/permits.ts";
import { rejection } from "../support/rejection.ts";
import { turns } from "../support/sources.ts";

const { signal } = new AbortController();

test("so many are let in, and the others in their order", async () => {
  const permits = createPermits(2);
  const entered: number[] = [];
  const leave = await Promise.all([0, 1].map(() => permits.enter(signal)));
  const waiting = [2, 3].map(async (number) => {
    const left = await permits.enter(signal);
    entered.push(number);
    return left;
  });
  await turns(3);
  const before = [...entered];

  leave[0]?.();
  leave[0]?.();
  await turns(3);

  expect([before, entered]).toEqual([[], [2]]);
  leave[1]?.();
  await Promise.all(waiting);
  expect(entered).toEqual([2, 3]);
});

test("who gives up waits no more, and takes no place", async () => {
  const permits = createPermits(1);
  const leave = await permits.enter(signal);
  const controller = new AbortController();
  const given = rejection(permits.enter(controller.signal));
  const next = permits.enter(signal);

  controller.abort(new Error("gone"));
  leave();

  expect(await given).toEqual(new Error("gone"));
  await next;
  expect(await rejection(permits.enter(AbortSignal.abort("late")))).toBe("late");
});
