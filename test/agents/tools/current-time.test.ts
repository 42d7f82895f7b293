import { expect, test } from "bun:test";
import { createCurrentTime } from "../../../src/agents/tools/current-time.ts";
import { toolContext } from "../support.ts";

const tool = createCurrentTime(() => new Date("2026-07-04T23:05:06.789Z"));

for (const [timezone, expected] of [
  [undefined, { time: "2026-07-04T23:05:06+00:00", weekday: "Saturday", timezone: "UTC" }],
  ["UTC", { time: "2026-07-04T23:05:06+00:00", weekday: "Saturday", timezone: "UTC" }],
  ["Europe/Berlin", { time: "2026-07-05T01:05:06+02:00", weekday: "Sunday", timezone: "Europe/Berlin" }],
  ["Asia/Kolkata", { time: "2026-07-05T04:35:06+05:30", weekday: "Sunday", timezone: "Asia/Kolkata" }],
  ["-08:00", { time: "2026-07-04T15:05:06-08:00", weekday: "Saturday", timezone: "-08:00" }],
] as const) {
  test(`current_time knows the time in ${timezone ?? "no timezone"}`, () => {
    expect(tool.execute(timezone === undefined ? {} : { timezone }, toolContext())).toEqual({
      ...expected,
      unix: 1_783_206_306,
    });
  });
}

test("current_time says that a timezone is not known", () => {
  expect(() => tool.execute({ timezone: "Mars/Olympus" }, toolContext())).toThrow(/Europe\/Berlin/);
});
