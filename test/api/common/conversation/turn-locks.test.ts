import { expect, test } from "bun:test";
import { createTurnLocks } from "../../../../src/api/common/conversation/turn-locks.ts";
import { failureOf } from "../../../support/failure.ts";

const signal = new AbortController().signal;

test("one after the other gets its turn, in the order they came", async () => {
  const locks = createTurnLocks(16);
  const order: number[] = [];
  const first = await locks.enter("a", signal);
  const others = [1, 2, 3].map(async (number) => {
    const leave = await locks.enter("a", signal);
    order.push(number);
    leave();
  });

  expect(order).toEqual([]);
  first();
  await Promise.all(others);

  expect(order).toEqual([1, 2, 3]);
  expect(locks.size).toBe(0);
});

test("other names do not wait", async () => {
  const locks = createTurnLocks(16);
  await locks.enter("a", signal);

  await locks.enter("b", signal);

  expect(locks.size).toBe(2);
});

test("who leaves twice lets one in", async () => {
  const locks = createTurnLocks(16);
  const first = await locks.enter("a", signal);
  const second = locks.enter("a", signal);
  let isThirdIn = false;
  const third = locks.enter("a", signal).then((leave) => {
    isThirdIn = true;
    return leave;
  });

  first();
  const leaveSecond = await second;
  first();
  await Bun.sleep(0);

  expect(isThirdIn).toBe(false);
  leaveSecond();
  (await third)();
  expect(locks.size).toBe(0);
});

test("who gives up is passed over, whenever that is", async () => {
  const locks = createTurnLocks(16);
  const first = await locks.enter("a", signal);
  const [early, late, before] = [new AbortController(), new AbortController(), new AbortController()];
  before.abort("before");
  const failures = [early, late].map((controller) => failureOf(locks.enter("a", controller.signal)));
  const last = locks.enter("a", signal);

  early.abort("early");
  first();
  // Its turn has come already, but it has not noticed.
  late.abort("late");

  expect(await failureOf(locks.enter("a", before.signal))).toBe("before");
  expect(await Promise.all(failures)).toEqual(["early", "late"]);
  (await last)();
  expect(locks.size).toBe(0);
});

test("too many are refused", async () => {
  const locks = createTurnLocks(2);
  const leave = await locks.enter("a", signal);
  const waiting = [locks.enter("a", signal), locks.enter("a", signal)];

  expect(await failureOf(locks.enter("a", signal))).toMatchObject({
    kind: "rate_limited",
    code: "conversation_busy",
    retryAfterSeconds: 1,
  });
  leave();
  for (const each of waiting) (await each)();
});
