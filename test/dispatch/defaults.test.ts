import { expect, test } from "bun:test";
import type { GenerationRequest } from "../../src/core/generation.ts";
import { applySettings, type ModelSettings } from "../../src/dispatch/defaults.ts";
import { textRequest } from "../support/calls.ts";

const given = textRequest({ sampling: { temperature: 1, stop: ["a"] }, extra: { min_p: 0.5 } });

const cases: [string, ModelSettings, Partial<GenerationRequest>][] = [
  [
    "defaults fill what the client leaves out",
    { defaults: { sampling: { temperature: 0, maxTokens: 9 }, extra: { min_p: 0, ignore_eos: true } } },
    { sampling: { temperature: 1, stop: ["a"], maxTokens: 9 }, extra: { min_p: 0.5, ignore_eos: true } },
  ],
  [
    "overrides replace what the client gives",
    { overrides: { sampling: { temperature: 0 }, reasoning: { effort: "low" }, extra: { min_p: 0 } } },
    { sampling: { temperature: 0, stop: ["a"] }, reasoning: { effort: "low" }, extra: { min_p: 0 } },
  ],
  [
    "overrides win over defaults",
    {
      defaults: { sampling: { seed: 1 }, reasoning: { effort: "high" }, extra: {} },
      overrides: { sampling: { seed: 2 }, reasoning: { effort: "low" }, extra: {} },
    },
    { sampling: { temperature: 1, stop: ["a"], seed: 2 }, reasoning: { effort: "low" } },
  ],
];
for (const [what, settings, expected] of cases) {
  test(what, () => {
    expect(applySettings([given], settings)).toEqual([{ ...given, ...expected }]);
  });
}

test("an effort that the client gives wins over the default", () => {
  const request = { ...given, reasoning: { effort: "high" } };
  const defaults = { sampling: {}, reasoning: { effort: "low" }, extra: {} };

  expect(applySettings([request], { defaults })).toMatchObject([{ reasoning: { effort: "high" } }]);
});

test("without settings, requests are handed on as they are", () => {
  const requests = [given];

  expect(applySettings(requests, {})).toBe(requests);
});

test("a field of any name is only a field", () => {
  const extra: Record<string, unknown> = JSON.parse('{"__proto__": {"polluted": true}}');

  const [applied] = applySettings([{ ...given, extra }], { defaults: { sampling: {}, extra: { a: 1 } } });

  expect(Object.keys(applied?.extra ?? {}).toSorted()).toEqual(["__proto__", "a"]);
  expect(applied?.extra["polluted"]).toBeUndefined();
});
