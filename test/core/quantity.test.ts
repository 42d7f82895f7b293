import { describe, expect, test } from "bun:test";
import { formatDuration, formatSize, parseDuration, parseSize } from "../../src/core/quantity.ts";

describe("a duration", () => {
  const durations: readonly [unknown, number | undefined][] = [
    ["500ms", 500],
    ["5s", 5_000],
    ["1.5m", 90_000],
    ["1h", 3_600_000],
    [" 2 S ", 2_000],
    ["30", 30_000],
    [0.25, 250],
    ["0", 0],
    ["", undefined],
    ["5 days", undefined],
    ["-1s", undefined],
    [-1, undefined],
    ["1e3", undefined],
    ["constructor", undefined],
    [Number.NaN, undefined],
    [null, undefined],
    [true, undefined],
  ];
  for (const [text, milliseconds] of durations) {
    test(`${JSON.stringify(text)} is ${milliseconds ?? "not one"}`, () => {
      expect(parseDuration(text)).toBe(milliseconds);
    });
  }

  test("is written in the largest unit that is exact", () => {
    expect([0, 500, 90_000, 600_000, 3_600_000].map(formatDuration)).toEqual([
      "0ms",
      "500ms",
      "90s",
      "10m",
      "1h",
    ]);
  });
});

describe("a size", () => {
  const sizes: readonly [unknown, number | undefined][] = [
    ["32MiB", 33_554_432],
    ["10MB", 10_000_000],
    ["64kib", 65_536],
    ["1.5 GiB", 1_610_612_736],
    ["1024", 1_024],
    [1024, 1_024],
    ["10b", 10],
    ["10XB", undefined],
    ["MiB", undefined],
    ["99999999999GiB", undefined],
  ];
  for (const [text, bytes] of sizes) {
    test(`${JSON.stringify(text)} is ${bytes ?? "not one"}`, () => {
      expect(parseSize(text)).toBe(bytes);
    });
  }

  test("is written in the largest unit that is exact", () => {
    expect([0, 1_000, 1_024, 33_554_432].map(formatSize)).toEqual(["0B", "1000B", "1KiB", "32MiB"]);
  });
});
