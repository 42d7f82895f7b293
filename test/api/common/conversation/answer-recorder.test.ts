import { expect, test } from "bun:test";
import { AnswerRecorder } from "../../../../src/api/common/conversation/answer-recorder.ts";
import type { GenerationEvent } from "../../../../src/core/generation.ts";
import { callDelta, callStart, text } from "../../../support/events.ts";

const refusal = (refused: string): GenerationEvent => ({ type: "refusal-delta", choice: 0, text: refused });

function record(maxCharacters: number, events: readonly GenerationEvent[]): AnswerRecorder {
  const recorder = new AnswerRecorder(maxCharacters);
  for (const event of events) recorder.add(event);
  return recorder;
}

test("an answer is put together from the first choice's events", () => {
  const recorder = record(1_000, [
    text("Hel"),
    text("no", 1),
    text("lo"),
    refusal("But"),
    callStart(0, "f"),
    callDelta(0, '{"a"'),
    callDelta(0, ":1}"),
  ]);

  expect(recorder.message()).toEqual({
    role: "assistant",
    content: [
      { type: "text", text: "Hello" },
      { type: "refusal", text: "But" },
    ],
    toolCalls: [{ id: "call_0_0", kind: "function", name: "f", arguments: '{"a":1}' }],
  });
});

const tooLong: readonly [what: string, events: readonly GenerationEvent[]][] = [
  ["text", [text("x".repeat(60)), text("x".repeat(41))]],
  ["a refusal", [refusal("x".repeat(101))]],
  ["calls", [callStart(0, "f"), callStart(1, "g")]],
  ["arguments", [callStart(0, "f"), callDelta(0, "x".repeat(100))]],
];
for (const [what, events] of tooLong) {
  test(`of too long an answer, because of ${what}, nothing is held`, () => {
    const recorder = record(100, [text("Hi"), ...events, text("more"), callStart(2, "h")]);

    expect(recorder.isTooLong).toBe(true);
    expect(recorder.message()).toEqual({ role: "assistant", content: [] });
  });
}

test("other choices and thoughts are not counted", () => {
  const recorder = record(10, [
    text("x".repeat(100), 1),
    { type: "reasoning-delta", choice: 0, text: "x".repeat(100) },
    text("x".repeat(10)),
  ]);

  expect(recorder.isTooLong).toBe(false);
});
