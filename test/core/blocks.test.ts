import { expect, test } from "bun:test";
import { BlockReader } from "../../src/core/blocks.ts";
import type { GenerationEvent } from "../../src/core/generation.ts";

const shown = (events: readonly GenerationEvent[]) => {
  const reader = new BlockReader();
  return events
    .flatMap((event) => reader.read(event))
    .map((event) => {
      switch (event.type) {
        case "block-start":
          return `${event.index} <${event.block.kind}>`;
        case "block-delta":
          return `${event.index} ${event.text}`;
        case "block-end":
          return `${event.index} </${event.block.kind}>`;
        case "finish":
          return `finish ${event.reason}`;
        case "usage":
        case "metadata":
          return event.type;
      }
    });
};

test("each change of kind ends a block and starts the next", () => {
  expect(
    shown([
      { type: "reasoning-delta", choice: 0, text: "hm" },
      { type: "text-delta", choice: 0, text: "so" },
      { type: "text-delta", choice: 0, text: " then" },
      { type: "tool-call-start", choice: 0, index: 0, id: "a", name: "f", kind: "function" },
      { type: "tool-call-delta", choice: 0, index: 0, arguments: "{}" },
      { type: "tool-call-start", choice: 0, index: 1, id: "b", name: "f", kind: "function" },
      { type: "finish", choice: 0, reason: "tool-calls" },
      { type: "usage", usage: { promptTokens: 1, completionTokens: 2 } },
    ]),
  ).toEqual([
    "0 <reasoning>",
    "0 hm",
    "0 </reasoning>",
    "1 <text>",
    "1 so",
    "1  then",
    "1 </text>",
    "2 <tool-call>",
    "2 {}",
    "2 </tool-call>",
    "3 <tool-call>",
    "3 </tool-call>",
    "finish tool-calls",
    "usage",
  ]);
});

test("an empty delta opens nothing, but for what it bears", () => {
  expect(shown([{ type: "text-delta", choice: 0, text: "", tokens: 1 }])).toEqual([]);
  expect(shown([{ type: "reasoning-delta", choice: 0, text: "", signature: "s" }])).toEqual([
    "0 <reasoning>",
    "0 ",
  ]);
});

test("other choices are passed over", () => {
  expect(
    shown([
      { type: "text-delta", choice: 1, text: "no" },
      { type: "finish", choice: 1, reason: "stop" },
      { type: "finish", choice: 0, reason: "stop" },
    ]),
  ).toEqual(["finish stop"]);
});
