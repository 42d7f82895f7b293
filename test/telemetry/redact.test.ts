import { expect, test } from "bun:test";
import { redact } from "../../src/telemetry/redact.ts";

const lines: readonly [string, string][] = [
  ["key sk-abcdef123456 end", "key sk-*** end"],
  ["Incorrect key sk-proj-a_b-c123, sorry", "Incorrect key sk-***, sorry"],
  ["authorization: Bearer abc.def-ghi123", "authorization: Bearer ***"],
  ["BEARER abcdefgh", "BEARER ***"],
  ["Basic dXNlcjpwYXNz", "Basic ***"],
  ['{"api_key":"hunter22"}', '{"api_key":"***"}'],
  ["x-api-key=hunter22&a=1", "x-api-key=***&a=1"],
  ["password: hunter22", "password: ***"],
  ["the bearer of news", "the bearer of news"],
  ["a sk-8 board", "a sk-8 board"],
  ["task-force-1234567", "task-force-1234567"],
];
for (const [line, masked] of lines) {
  test(`${line} -> ${masked}`, () => {
    expect(redact(line)).toBe(masked);
  });
}

test("a hostile line takes linear time", () => {
  const line = `${"Bearer ".repeat(20_000)}${"authorization ".repeat(20_000)}${" ".repeat(200_000)}`;

  const startedAt = performance.now();
  redact(line);

  expect(performance.now() - startedAt).toBeLessThan(1_000);
});
