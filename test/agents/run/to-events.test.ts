import { describe, expect, test } from "bun:test";
import { EventReader } from "../../../src/agents/run/to-events.ts";
import type { FinishReason, GenerationEvent } from "../../../src/core/generation.ts";

function read(pieces: readonly unknown[], showsSteps = false) {
  const reader = new EventReader(showsSteps);
  const events: GenerationEvent[] = [];
  for (const piece of pieces) reader.read(piece, events);
  return { events, reader };
}

const says = (reason: FinishReason) => ({ type: "finish", reason });

describe("pieces become events", () => {
  const id = expect.stringMatching(/^call_[A-Za-z0-9]{24}$/);
  const table: readonly (readonly [name: string, pieces: readonly unknown[], events: readonly object[]])[] = [
    ["a text", ["a"], [{ type: "text-delta", choice: 0, text: "a" }]],
    ["an event with text", [{ type: "text", text: "a" }], [{ type: "text-delta", choice: 0, text: "a" }]],
    ["reasoning", [{ type: "reasoning", text: "a" }], [{ type: "reasoning-delta", choice: 0, text: "a" }]],
    ["a refusal", [{ type: "refusal", text: "a" }], [{ type: "refusal-delta", choice: 0, text: "a" }]],
    ["empty texts", ["", { type: "text", text: "" }, { type: "reasoning", text: "" }], []],
    [
      "arrays in arrays",
      [["a", ["b"]]].flat(),
      [
        { type: "text-delta", choice: 0, text: "a" },
        { type: "text-delta", choice: 0, text: "b" },
      ],
    ],
    [
      "calls without ids",
      [
        { type: "tool-call", name: "one", arguments: { a: 1 } },
        { type: "tool-call", name: "two", arguments: '{"b":2}', kind: "function" },
      ],
      [
        { type: "tool-call-start", choice: 0, index: 0, id, name: "one", kind: "function" },
        { type: "tool-call-delta", choice: 0, index: 0, arguments: '{"a":1}' },
        { type: "tool-call-start", choice: 0, index: 1, id, name: "two", kind: "function" },
        { type: "tool-call-delta", choice: 0, index: 1, arguments: '{"b":2}' },
      ],
    ],
    [
      "a call without arguments",
      [{ type: "tool-call", name: "one", id: "x" }],
      [
        { type: "tool-call-start", choice: 0, index: 0, id: "x", name: "one", kind: "function" },
        { type: "tool-call-delta", choice: 0, index: 0, arguments: "{}" },
      ],
    ],
    [
      "a call in pieces",
      [
        { type: "tool-call-start", name: "one", id: "x", kind: "custom" },
        { type: "tool-call-delta", arguments: "a" },
        { type: "tool-call-delta", arguments: "" },
        { type: "tool-call-delta", arguments: "b" },
      ],
      [
        { type: "tool-call-start", choice: 0, index: 0, id: "x", name: "one", kind: "custom" },
        { type: "tool-call-delta", choice: 0, index: 0, arguments: "a" },
        { type: "tool-call-delta", choice: 0, index: 0, arguments: "b" },
      ],
    ],
  ];
  for (const [name, pieces, events] of table) {
    test(name, () => {
      expect(read(pieces).events).toMatchObject([...events]);
    });
  }
});

describe("steps", () => {
  test("are left out unless they are asked for", () => {
    expect(read([{ type: "step", text: "→ writer: a poem" }]).events).toEqual([]);
  });

  test("are lines of reasoning where they are asked for", () => {
    const { events } = read(
      [
        { type: "step", text: "one" },
        { type: "step", text: "two\n" },
      ],
      true,
    );

    expect(events).toEqual([
      { type: "reasoning-delta", choice: 0, text: "one\n" },
      { type: "reasoning-delta", choice: 0, text: "two\n" },
    ]);
  });
});

describe("the end", () => {
  const call = { type: "tool-call", name: "one", arguments: "{}" };
  const refusal = { type: "refusal", text: "No." };
  const table: readonly (readonly [name: string, pieces: readonly unknown[], reason: FinishReason])[] = [
    ["nothing", [], "stop"],
    ["a text", ["a"], "stop"],
    ["a call", [call], "tool-calls"],
    ["a refusal", [refusal], "content-filter"],
    ["a reason", [says("length")], "length"],
    ["a reason and more text", [says("length"), "more"], "length"],
    ["two reasons", [says("length"), says("stop")], "stop"],
    ["a stop after a call", [call, says("stop")], "tool-calls"],
    ["a limit after a call", [call, says("length")], "length"],
    ["a stop after a refusal", [refusal, says("stop")], "content-filter"],
  ];
  for (const [name, pieces, reason] of table) {
    test(`after ${name} is ${reason}`, () => {
      expect(read(pieces).reader.finish).toBe(reason);
    });
  }

  test("has the last usage, and the metadata of all events", () => {
    const { reader, events } = read([
      { type: "usage", usage: { promptTokens: 1, completionTokens: 2 } },
      { type: "metadata", fields: { a: 1, b: 1 } },
      { type: "usage", usage: { promptTokens: 3, completionTokens: 4, cachedTokens: 1, other: 5 } },
      { type: "metadata", fields: { b: 2, at: new Date(0), none: undefined } },
    ]);

    expect(events).toEqual([]);
    expect(reader.usage).toEqual({ promptTokens: 3, completionTokens: 4, cachedTokens: 1 });
    expect(reader.metadata).toEqual({ a: 1, b: 2, at: "1970-01-01T00:00:00.000Z" });
  });
});

describe("what is no piece is refused", () => {
  const table: readonly (readonly [piece: unknown, message: RegExp])[] = [
    [5, /not 5\.$/],
    [null, /not null\.$/],
    [undefined, /not undefined\.$/],
    [() => {}, /not a function\.$/],
    [{}, /not an object\.$/],
    [new Uint8Array(3), /not an object\.$/],
    [["a", 5], /not 5\.$/],
    [{ type: "image" }, /not an event of type 'image'\.$/],
    [{ type: "text" }, /'text' of an event 'text' has to be a text, not undefined/],
    [{ type: "reasoning", text: 5 }, /'text' of an event 'reasoning' has to be a text, not 5/],
    [{ type: "step", text: 5 }, /'text' of an event 'step' has to be a text, not 5/],
    [{ type: "tool-call", name: 5 }, /'name' of an event 'tool-call' has to be a text/],
    [{ type: "tool-call", name: "a", arguments: 5 }, /'arguments' of an event 'tool-call' has to be a text/],
    [{ type: "tool-call-delta", arguments: "a" }, /follows no 'tool-call-start'/],
    [
      { type: "usage", usage: { promptTokens: 1 } },
      /'completionTokens' of the usage has to be a whole number/,
    ],
    [{ type: "usage", usage: { promptTokens: -1, completionTokens: 1 } }, /'promptTokens' of the usage/],
    [{ type: "usage" }, /Usage has to be an object, not undefined/],
    [{ type: "metadata", fields: [] }, /Metadata has to be an object, not an array/],
    [{ type: "metadata", fields: { a: 1n } }, /BigInt/],
    [
      { type: "finish", reason: "done" },
      /has to be one of stop, length, tool-calls, content-filter, not 'done'/,
    ],
  ];
  for (const [piece, message] of table) {
    test(`${Bun.inspect(piece, { compact: true })} is ${String(message)}`, () => {
      expect(() => read([piece], true)).toThrow(message);
    });
  }

  test("a delta after a whole call is refused", () => {
    const call = { type: "tool-call", name: "one", arguments: "{}" };

    expect(() => read([call, { type: "tool-call-delta", arguments: "a" }])).toThrow("follows no");
  });
});
