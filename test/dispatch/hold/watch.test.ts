import { describe, expect, test } from "bun:test";
import type { GenerationRequest } from "../../../src/core/generation.ts";
import { finish, text } from "../../support/events.ts";
import { textOf } from "../../support/calls.ts";
import { calls, createBench, format, says, strictWeather, weather } from "./bench.ts";

const enforces = { json: true, toolChoice: true };
const required = { tools: [weather], toolChoice: { mode: "required" } } as const;
const strict = { tools: [strictWeather], toolChoice: { mode: "required" } } as const;

describe("An answer of a backend that enforces what is asked for", () => {
  test("comes as it is written, and is asked for once", async () => {
    const { backend, outcome } = createBench([[[text('{"city":')], [text('"Paris"}')], [finish()]]], {
      enforces,
    });

    const { batches, failure } = await outcome({ output: format });

    expect(failure).toBeUndefined();
    expect(
      batches
        .slice(0, 2)
        .flat()
        .map(({ type }) => type),
    ).toEqual(["text-delta", "text-delta"]);
    expect(textOf(batches)).toBe('{"city":"Paris"}');
    expect(backend.seen).toHaveLength(1);
  });

  const broken: readonly [string, Partial<GenerationRequest>, ReturnType<typeof says>, string][] = [
    ["is no JSON", { output: format }, says("sorry"), "response_format_not_met"],
    ["does not fit the schema", { output: format }, says('{"town":1}'), "response_format_not_met"],
    [
      "has words around the value",
      { output: format },
      says('```json\n{"city":"P"}\n```'),
      "response_format_not_met",
    ],
    ["makes no call", required, says("I will not"), "tool_choice_not_met"],
    ["calls with arguments that do not fit", strict, calls("weather", "{}"), "tool_choice_not_met"],
  ];
  for (const [what, request, script, code] of broken) {
    test(`is an error at its end when it ${what}: the constraint had no effect`, async () => {
      const { outcome } = createBench([script], { enforces });

      const { batches, failure } = await outcome(request);

      expect(failure).toMatchObject({ kind: "upstream", code });
      expect(batches.flat().some(({ type }) => type === "finish")).toBe(false);
    });
  }

  for (const [what, request, script] of [
    ["is cut short", { output: format }, [[text('{"ci')], [finish("length")]]],
    ["has space around the value", { output: format }, says('\n{"city":"P"}\n')],
    ["makes the call", required, calls("weather", '{"city":"P"}')],
  ] as const) {
    test(`passes when it ${what}`, async () => {
      const { outcome } = createBench([script], { enforces });

      expect((await outcome(request)).failure).toBeUndefined();
    });
  }
});
