import { expect, test } from "bun:test";
import { formatTime } from "../../../../src/text/templates/jinja/time.ts";

const formats: readonly (readonly [string, string])[] = [
  ["%d %b %Y", "05 Mar 2026"],
  ["%A, %B %-d, %y", "Thursday, March 5, 26"],
  ["%H:%M:%S %I %p", "16:07:09 04 PM"],
  ["%Y-%m-%d %a %e", "2026-03-05 Thu  5"],
  ["100%% %Q %", "100% %Q %"],
];

for (const [format, expected] of formats) {
  test(`the time is written as ${format}`, () => {
    expect(formatTime(new Date(2026, 2, 5, 16, 7, 9), format)).toBe(expected);
  });
}
