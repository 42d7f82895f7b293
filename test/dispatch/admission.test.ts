import { expect, test } from "bun:test";
import { type Admission, createAdmission } from "../../src/dispatch/admission.ts";
import { failureOf } from "../support/failure.ts";

const never = new AbortController().signal;

/** Enters and notes under `name` when it was let in. */
function enter(admission: Admission, order: string[], name: string, calls = 1, signal = never) {
  return admission.enter(calls, signal).then(({ leave }) => {
    order.push(name);
    return leave;
  });
}

const settle = () => new Promise<void>((resolve) => setImmediate(resolve));

test("requests wait in the order in which they came", async () => {
  const admission = createAdmission({ maxConcurrency: 1, maxQueue: 8 });
  const order: string[] = [];
  const { leave } = await admission.enter(1, never);
  const waiting = ["a", "b", "c"].map((name) => enter(admission, order, name));

  leave();
  for (const entered of waiting) (await entered)();

  expect(order).toEqual(["a", "b", "c"]);
});

test("a request weighs as much as its calls, and nobody overtakes a heavy one", async () => {
  const admission = createAdmission({ maxConcurrency: 3, maxQueue: 8 });
  const order: string[] = [];
  const { leave: leaveTwo } = await admission.enter(2, never);
  const heavy = enter(admission, order, "heavy", 3);
  const light = enter(admission, order, "light");
  await settle();
  expect(order).toEqual([]);

  leaveTwo();
  const leaveHeavy = await heavy;
  await settle();
  expect(order).toEqual(["heavy"]);

  leaveHeavy();
  await light;
  expect(order).toEqual(["heavy", "light"]);
});

const free: [string, { taken: number }, number][] = [
  ["all that it wants where that is free", { taken: 0 }, 4],
  ["what is free", { taken: 8 }, 2],
];
for (const [what, { taken }, expected] of free) {
  test(`a request that can do with less gets ${what}`, async () => {
    const admission = createAdmission({ maxConcurrency: 10, maxQueue: 8 });
    if (taken > 0) await admission.enter(taken, never);

    expect((await admission.enterUpTo(4, never)).calls).toBe(expected);
  });
}

test("a request that can do with less waits its turn for one", async () => {
  const admission = createAdmission({ maxConcurrency: 4, maxQueue: 8 });
  const order: string[] = [];
  const { leave } = await admission.enter(3, never);
  const heavy = enter(admission, order, "heavy", 4);
  const little = admission.enterUpTo(4, never).then(({ calls }) => order.push(`${calls}`));
  await settle();
  expect(order).toEqual([]);

  leave();
  (await heavy)();
  await little;

  expect(order).toEqual(["heavy", "1"]);
});

test("a request for more calls than may ever run at once gets all there are", async () => {
  const admission = createAdmission({ maxConcurrency: 2, maxQueue: 8 });
  const { calls, leave } = await admission.enter(5, never);
  expect(calls).toBe(2);
  const order: string[] = [];
  const next = enter(admission, order, "next");
  await settle();
  expect(order).toEqual([]);

  leave();

  (await next)();
});

test("with a full queue a request is refused with a time to retry after", async () => {
  const admission = createAdmission({ maxConcurrency: 1, maxQueue: 1 });
  await admission.enter(1, never);
  void admission.enter(1, never);

  const refused = admission.enter(1, never);

  expect(await failureOf(refused)).toMatchObject({
    kind: "unavailable",
    status: 503,
    code: "server_is_overloaded",
    retryAfterSeconds: 1,
  });
});

test("a request that is aborted while it waits leaves its place in the queue", async () => {
  const admission = createAdmission({ maxConcurrency: 1, maxQueue: 1 });
  const { leave } = await admission.enter(1, never);
  const controller = new AbortController();
  const reason = new Error("gone");
  const aborted = admission.enter(1, controller.signal);

  controller.abort(reason);

  expect(await failureOf(aborted)).toBe(reason);
  const next = admission.enter(1, never);
  leave();
  (await next).leave();
});

test("those behind a heavy request start at once when it gives up", async () => {
  const admission = createAdmission({ maxConcurrency: 3, maxQueue: 8 });
  await admission.enter(2, never);
  const controller = new AbortController();
  const heavy = admission.enter(2, controller.signal);
  const light = admission.enter(1, never);

  controller.abort(new Error("gone"));

  expect(String(await failureOf(heavy))).toContain("gone");
  (await light).leave();
});

test("an aborted request is not let in even if there is room", async () => {
  const admission = createAdmission({ maxConcurrency: 1, maxQueue: 1 });
  const reason = new Error("gone");

  expect(await failureOf(admission.enter(1, AbortSignal.abort(reason)))).toBe(reason);
});

test("leaving twice gives one place back", async () => {
  const admission = createAdmission({ maxConcurrency: 1, maxQueue: 8 });
  const order: string[] = [];
  const { leave } = await admission.enter(1, never);
  const first = enter(admission, order, "first");
  const second = enter(admission, order, "second");

  leave();
  leave();
  await first;
  await settle();

  expect(order).toEqual(["first"]);
  (await first)();
  await second;
});
