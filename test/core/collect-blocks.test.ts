import { describe, expect, test } from "bun:test";
import { collectBlocks } from "../../src/core/collect-blocks.ts";
import type { EventBatch, GenerationEvent } from "../../src/core/generation.ts";
import { asStream } from "../support/arbitrary-events.ts";
import { callDelta, callStart, finish, text, usage } from "../support/events.ts";
import { failureOf } from "../support/failure.ts";

const thought = (value: string, signature?: string): GenerationEvent => ({
  type: "reasoning-delta",
  choice: 0,
  text: value,
  ...(signature !== undefined && { signature }),
});

describe("an answer as its blocks", () => {
  test("has them in the order in which they came, with the end and the cost", async () => {
    const batches: EventBatch[] = [
      [thought("Hm"), thought(".", "s1"), text("I "), text("look.")],
      [callStart(0, "f"), callDelta(0, '{"a":'), callDelta(0, "1}"), text("So."), text("other", 1)],
      [{ ...finish("stop"), stopSequence: "END" }],
      [usage(3, 4)],
    ];

    expect(await collectBlocks(asStream(batches))).toEqual({
      blocks: [
        { block: { kind: "reasoning" }, text: "Hm.", signature: "s1" },
        { block: { kind: "text" }, text: "I look." },
        { block: { kind: "tool-call", id: "call_0_0", name: "f", callKind: "function" }, text: '{"a":1}' },
        { block: { kind: "text" }, text: "So." },
      ],
      finish: { reason: "stop", stopSequence: "END" },
      usage: { promptTokens: 3, completionTokens: 4 },
    });
  });

  test("that is longer than what is held at once is a failure", async () => {
    const long = "x".repeat(1 << 20);
    const batches = Array.from({ length: 33 }, () => [text(long)]);

    expect(await failureOf(collectBlocks(asStream(batches)))).toMatchObject({
      kind: "upstream",
      code: "upstream_error",
    });
  });
});
