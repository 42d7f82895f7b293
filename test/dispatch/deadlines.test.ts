import { afterEach, beforeEach, expect, jest, test } from "bun:test";
import type { ServeError } from "../../src/core/error.ts";
import { createDeadlines, type Timeouts } from "../../src/dispatch/deadlines.ts";

beforeEach(() => void jest.useFakeTimers());
afterEach(() => void jest.useRealTimers());

function start(timeouts: Partial<Timeouts>) {
  const errors: ServeError[] = [];
  const deadlines = createDeadlines(
    { firstTokenMs: 0, betweenTokensMs: 0, totalMs: 0, ...timeouts },
    (error) => {
      errors.push(error);
    },
  );
  return { deadlines, errors };
}

const pass = (milliseconds: number) => jest.advanceTimersByTime(milliseconds);

test("a backend that never begins expires after the first-token time, once, as a timeout", () => {
  const { deadlines, errors } = start({ firstTokenMs: 1_000, betweenTokensMs: 5_000 });
  deadlines.waiting();

  pass(999);
  expect(errors).toEqual([]);
  pass(10);
  expect(errors).toMatchObject([{ kind: "timeout", status: 504, code: "timeout" }]);
  pass(60_000);
  expect(errors).toHaveLength(1);
});

test("a pause between tokens is measured from the last one", () => {
  const { deadlines, errors } = start({ firstTokenMs: 10_000, betweenTokensMs: 1_000 });
  deadlines.waiting();
  for (let token = 0; token < 5; token++) {
    pass(900);
    deadlines.arrived();
    deadlines.waiting();
  }

  pass(999);
  expect(errors).toEqual([]);
  pass(10);
  expect(errors).toHaveLength(1);
});

test("the shorter time between tokens holds as soon as the first token has come", () => {
  const { deadlines, errors } = start({ firstTokenMs: 600_000, betweenTokensMs: 120_000 });
  deadlines.waiting();
  pass(130_000);
  deadlines.arrived();
  deadlines.waiting();

  pass(119_000);
  expect(errors).toEqual([]);
  pass(1_100);
  expect(errors).toHaveLength(1);
});

test("without a time for the first token, the time between tokens still holds after it", () => {
  const { deadlines, errors } = start({ betweenTokensMs: 1_000 });
  deadlines.waiting();
  pass(5_000);
  expect(errors).toEqual([]);
  deadlines.arrived();
  deadlines.waiting();

  pass(1_010);

  expect(errors).toHaveLength(1);
});

test("the time that the client takes to read does not count as silence", () => {
  const { deadlines, errors } = start({ betweenTokensMs: 1_000 });
  deadlines.waiting();
  deadlines.arrived();

  pass(60_000);
  expect(errors).toEqual([]);

  deadlines.waiting();
  pass(999);
  expect(errors).toEqual([]);
  pass(10);
  expect(errors).toHaveLength(1);
});

test("the total time ends an answer that keeps coming", () => {
  const { deadlines, errors } = start({ firstTokenMs: 1_000, betweenTokensMs: 1_000, totalMs: 3_000 });
  for (let token = 0; token < 29; token++) {
    deadlines.waiting();
    pass(100);
    deadlines.arrived();
  }
  expect(errors).toEqual([]);

  deadlines.waiting();
  pass(110);
  expect(errors).toHaveLength(1);
});

test("without limits, or once cleared, nothing expires", () => {
  const unlimited = start({});
  const cleared = start({ firstTokenMs: 1_000 });
  unlimited.deadlines.waiting();
  cleared.deadlines.waiting();

  cleared.deadlines.clear();
  pass(2 ** 31);

  expect(unlimited.errors).toEqual([]);
  expect(cleared.errors).toEqual([]);
});

test("a limit longer than a timer can be set for does not expire at once", () => {
  const { deadlines, errors } = start({ totalMs: 2 ** 33 });
  deadlines.waiting();

  pass(2 ** 31);

  expect(errors).toEqual([]);
  deadlines.clear();
});
