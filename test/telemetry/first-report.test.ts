import { expect, test } from "bun:test";
import { isFirstReport } from "../../src/telemetry/first-report.ts";

test("a failure is reported once", () => {
  const failure = new Error("a");

  expect([isFirstReport(failure), isFirstReport(failure)]).toEqual([true, false]);
});

test("a failure in other words is the same failure", () => {
  const failure = new Error("a");

  expect([isFirstReport(failure), isFirstReport(new Error("b", { cause: failure }))]).toEqual([true, false]);
});

test("a failure whose cause was never reported is a new one, as is what is no object", () => {
  const failure = new Error("b", { cause: new Error("a") });

  expect([isFirstReport(failure), isFirstReport("text"), isFirstReport("text")]).toEqual([true, true, true]);
});
