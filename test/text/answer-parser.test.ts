import { describe, expect, test } from "bun:test";
import * as fc from "fast-check";
import { type Choice, collect } from "../../src/core/collect.ts";
import { createId } from "../../src/core/ids.ts";
import type { GenerationEvent, TokenLogprob } from "../../src/core/generation.ts";
import { type AnswerParserOptions, createAnswerParser } from "../../src/text/answer-parser.ts";
import { reasoningFormats } from "../../src/text/reasoning/formats.ts";
import type { ToolCallFormatName } from "../../src/text/tool-calls/format.ts";
import { toolCallFormats } from "../../src/text/tool-calls/formats.ts";
import { assertContract } from "../support/contract.ts";
import { cutAt } from "./tool-calls/parsed.ts";

const think = { marks: reasoningFormats.think, startsInside: false };

function tools(format: ToolCallFormatName): NonNullable<AnswerParserOptions["toolCalls"]> {
  return {
    createParser: () => toolCallFormats[format].createParser(new Set(["add", "now", "note"])),
    custom: new Set(["note"]),
  };
}

function ids(): () => string {
  let count = 0;
  return () => `call_${++count}`;
}

const plain = { choices: 1, stop: [] } as const;

/** Every batch that comes out of `batches`, those without events left out. */
function run(
  options: Partial<AnswerParserOptions>,
  batches: readonly (readonly GenerationEvent[])[],
): GenerationEvent[][] {
  const parser = createAnswerParser({ ...plain, createId: ids(), ...options });
  return batches
    .map((batch) => {
      const out: GenerationEvent[] = [];
      parser.apply(batch, out);
      return out;
    })
    .filter((batch) => batch.length > 0);
}

function text(
  piece: string,
  more: { choice?: number; tokens?: number; logprobs?: TokenLogprob[] } = {},
): GenerationEvent {
  return { type: "text-delta", choice: 0, text: piece, ...more };
}

const stopped: GenerationEvent = { type: "finish", choice: 0, reason: "stop" };

/** The choice that `pieces`, one token each, become. */
async function answer(
  options: Partial<AnswerParserOptions>,
  pieces: readonly string[],
): Promise<Choice | undefined> {
  const batches = run(options, [...pieces.map((piece) => [text(piece, { tokens: 1 })]), [stopped]]);
  assertContract(batches);
  return (await collect(iterate(batches))).choices[0];
}

async function* iterate<T>(items: readonly T[]): AsyncGenerator<T> {
  yield* items;
}

function tokensOf(events: readonly GenerationEvent[]): number {
  return events.reduce((sum, event) => sum + ("tokens" in event ? (event.tokens ?? 0) : 0), 0);
}

const whole =
  '<think>\nhm\n</think>\n\nSure.\n<tool_call>\n{"name": "add", "arguments": {"a": 1}}\n</tool_call>\n<tool_call>{"name": "now"}</tool_call><|im_end|>junk';
const everything = { toolCalls: tools("hermes"), reasoning: think, stop: ["<|im_end|>"] };
const expected = {
  text: "Sure.\n",
  reasoning: "hm",
  toolCalls: [
    { id: "call_1", kind: "function", name: "add", arguments: '{"a": 1}' },
    { id: "call_2", kind: "function", name: "now", arguments: "{}" },
  ],
  finish: "tool-calls",
};

test("finds reasoning, text, calls and the end of the turn", async () => {
  expect(await answer(everything, [whole])).toMatchObject(expected);
});

test("gives the same however the answer is cut, and loses no token", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.nat(), { maxLength: 40 }), async (places) => {
      const pieces = cutAt(whole, places);

      expect(await answer(everything, pieces)).toMatchObject(expected);
    }),
    { numRuns: 500 },
  );
});

test("carries each token of the answer once", () => {
  const beforeEnd = whole.slice(0, whole.indexOf("<|im_end|>"));
  fc.assert(
    fc.property(fc.array(fc.nat(), { maxLength: 40 }), (places) => {
      const pieces = cutAt(beforeEnd, places);

      const out = run(everything, [pieces.map((piece) => text(piece, { tokens: 2 })), [stopped]]).flat();

      expect(tokensOf(out)).toBe(2 * pieces.length);
    }),
    { numRuns: 500 },
  );
});

test("passes everything as it is where nothing is looked for", () => {
  const events: GenerationEvent[] = [
    { type: "metadata", fields: { a: 1 } },
    text("<think>", { tokens: 1, logprobs: [logprob("<think>")] }),
    { type: "reasoning-delta", choice: 0, text: "hm" },
    stopped,
    { type: "usage", usage: { promptTokens: 1, completionTokens: 1 } },
  ];
  const parser = createAnswerParser({ ...plain, createId: ids() });
  const out: GenerationEvent[] = [];

  parser.apply(events, out);

  expect(parser.isTransparent).toBe(true);
  expect(parser.isCut).toBe(false);
  expect(out.map((event, index) => event === events[index])).toEqual(events.map(() => true));
});

test("passes plain text as the same object", () => {
  const event = text("plain", { tokens: 1 });

  expect(run(everything, [[event], [event]])[1]?.[0]).toBe(event);
});

test("parses each choice by itself", async () => {
  const first = '<tool_call>{"name": "now"}</tool_call>';
  const batches = run({ ...everything, choices: 2 }, [
    [text(first.slice(0, 20)), text("<thi", { choice: 1 })],
    [text(first.slice(20)), text("nk>a</think>b", { choice: 1 })],
    [stopped, { type: "finish", choice: 1, reason: "stop" }],
    [{ type: "usage", usage: { promptTokens: 1, completionTokens: 9 } }],
  ]);

  assertContract(batches, 2);
  expect((await collect(iterate(batches))).choices).toMatchObject([
    { toolCalls: [{ name: "now" }], finish: "tool-calls" },
    { reasoning: "a", text: "b", finish: "stop" },
  ]);
});

describe("a finish", () => {
  for (const [reason, becomes] of [
    ["stop", "tool-calls"],
    ["length", "length"],
    ["content-filter", "content-filter"],
  ] as const) {
    test(`of ${reason} with a call is ${becomes}`, () => {
      const out = run(everything, [
        [text('<tool_call>{"name":"now"}'), { type: "finish", choice: 0, reason }],
      ]).flat();

      expect(out.at(-1)).toEqual({ type: "finish", choice: 0, reason: becomes });
    });
  }

  test("without a call passes as it is", () => {
    expect(
      run(everything, [[text("hi"), stopped]])
        .flat()
        .at(-1),
    ).toBe(stopped);
  });

  test("gives out what was held back", () => {
    expect(run(everything, [[text("hi <tool"), text("_", { tokens: 1 })], [stopped]]).flat()).toEqual([
      text("hi "),
      text("", { tokens: 1 }),
      text("<tool_", { tokens: 0 }),
      stopped,
    ]);
  });
});

describe("an end-of-turn text", () => {
  const options = { stop: ["<|eot_id|>"] };

  test("ends the choice, and what follows is dropped", () => {
    const batches = run(options, [
      [text("hi<|eot", { tokens: 2 })],
      [text("_id|>junk", { tokens: 2 })],
      [text("more", { tokens: 1 })],
      [stopped],
    ]);

    assertContract(batches);
    expect(batches).toEqual([[text("hi", { tokens: 2 })], [text("", { tokens: 2 }), stopped]]);
  });

  test("is seen in reasoning and in arguments", async () => {
    expect(await answer({ ...everything, ...options }, ["<think>hm<|eot_id|>x"])).toMatchObject({
      reasoning: "hm",
      finish: "stop",
    });
    expect(
      await answer({ ...everything, ...options }, ['<tool_call>{"name":"add","arguments":{"a":<|eot_id|>']),
    ).toMatchObject({
      toolCalls: [{ arguments: '{"a":' }],
      finish: "tool-calls",
    });
  });

  test("cuts the answer once every choice has its end", () => {
    const parser = createAnswerParser({ ...plain, ...options, choices: 2, createId: ids() });
    const isCut = [text("a<|eot_id|>"), text("b<|eot_id|>", { choice: 1 })].map((event) => {
      parser.apply([event], []);
      return parser.isCut;
    });

    expect(isCut).toEqual([false, true]);
  });
});

describe("a call", () => {
  test("streams its arguments, each with its tokens", () => {
    const pieces = ['<tool_call>{"name": "add", "arguments": ', '{"a"', ": 1", "}", "}</tool_call>"];

    const out = run(everything, [pieces.map((piece) => text(piece, { tokens: 1 })), [stopped]]).flat();

    expect(out).toEqual([
      text("", { tokens: 1 }),
      {
        type: "tool-call-start",
        choice: 0,
        index: 0,
        id: "call_1",
        name: "add",
        kind: "function",
        tokens: 0,
      },
      { type: "tool-call-delta", choice: 0, index: 0, arguments: "{", tokens: 1 },
      { type: "tool-call-delta", choice: 0, index: 0, arguments: '"a"', tokens: 0 },
      { type: "tool-call-delta", choice: 0, index: 0, arguments: ": 1", tokens: 1 },
      { type: "tool-call-delta", choice: 0, index: 0, arguments: "}", tokens: 1 },
      text("", { tokens: 1 }),
      { ...stopped, reason: "tool-calls" },
    ]);
  });

  test("has the id that the model gave it", async () => {
    const options = { toolCalls: tools("mistral") };

    expect(await answer(options, ["[TOOL_CALLS]now[CALL_ID]AbCdEf012[ARGS]{}"])).toMatchObject({
      toolCalls: [{ id: "AbCdEf012" }],
    });
  });

  test("has a random id otherwise", async () => {
    const options = { ...everything, createId: () => createId("call_", 24) };

    const choice = await answer(options, ['<tool_call>{"name":"now"}\n<tool_call>{"name":"now"}']);

    const given = choice?.toolCalls.map(({ id }) => id) ?? [];
    expect(given.every((id) => /^call_[A-Za-z0-9]{24}$/.test(id))).toBe(true);
    expect(new Set(given).size).toBe(2);
  });
});

describe("a custom tool gets", () => {
  const inputs: readonly (readonly [string, string, string])[] = [
    ["the text of `input`", '{"input": "a \\"b\\"\\n\\u00e9 \\ud83d\\ude00"}', 'a "b"\né 😀'],
    ["nothing of what follows the input", '{ "input" : "a", "more": "b" }', "a"],
    ["a string as it is meant", '"print(1)"', "print(1)"],
    ["an empty input for no arguments", "{}", ""],
    ["other arguments as they are", '{"code": "a"}', '{"code": "a"}'],
    ["long other arguments as they are", `{"code": "${"a".repeat(300)}"}`, `{"code": "${"a".repeat(300)}"}`],
  ];
  for (const [title, args, input] of inputs) {
    test(title, async () => {
      const raw = `<tool_call>{"name": "note", "arguments": ${args}}`;
      const toolCalls = [{ kind: "custom", name: "note", arguments: input }];

      expect(await answer(everything, [raw])).toMatchObject({ toolCalls });
      expect(await answer(everything, raw.split(""))).toMatchObject({ toolCalls });
    });
  }
});

test("a custom tool gets an input that is cut off", async () => {
  const raw = '<tool_call>{"name": "note", "arguments": {"input": "one\\n2';

  expect(await answer(everything, raw.split(""))).toMatchObject({ toolCalls: [{ arguments: "one\n2" }] });
});

test("of an answer that comes whole, the thought has its share of the tokens", () => {
  const thought = "so ".repeat(20);
  const events = run({ reasoning: think }, [
    [text(`<think>${thought}</think>${"ok ".repeat(20)}`, { tokens: 42 })],
    [stopped],
  ]).flat();

  expect(tokensOf(events.filter(({ type }) => type === "reasoning-delta"))).toBeWithin(17, 21);
  expect(tokensOf(events)).toBe(42);
});

describe("logprobs", () => {
  test("stay with their text", () => {
    expect(logprobsAfter(["Hi", " you"], ["!"])).toEqual([
      ["Hi", ["Hi"]],
      [" you", [" you"]],
      ["!", ["!"]],
    ]);
  });

  test("wait with text that is held back", () => {
    expect(logprobsAfter(["a", "<tool"], ["_x"])).toEqual([
      ["a", ["a"]],
      ["<tool_x", ["<tool", "_x"]],
    ]);
  });

  test("go once, with the first part of their token", () => {
    expect(logprobsAfter(["a<"], ["b"])).toEqual([
      ["a", ["a<"]],
      ["<b", ["b"]],
    ]);
  });

  test("vanish with reasoning, marks and calls", () => {
    expect(
      logprobsAfter(
        ["<think>", "hm", "</think>", "\n\n"],
        ["Hi", '<tool_call>{"name":', '"now"}', "</tool_call>", " ok"],
      ),
    ).toEqual([
      ["Hi", ["Hi"]],
      [" ok", [" ok"]],
    ]);
  });

  test("of a token without text go with the text that follows", () => {
    const out = run(everything, [
      [
        text("", { tokens: 1, logprobs: [logprob("\\xf0")] }),
        text("😀", { tokens: 1, logprobs: [logprob("\\x9f")] }),
      ],
      [stopped],
    ]).flat();

    expect(logprobsOf(out)).toEqual([["😀", ["\\xf0", "\\x9f"]]]);
    expect(tokensOf(out)).toBe(2);
  });
});

/** The texts with logprobs that come of deltas of these tokens. */
function logprobsAfter(...deltas: readonly (readonly string[])[]): [text: string, tokens: string[]][] {
  return logprobsOf(
    run(everything, [
      deltas.map((parts) => text(parts.join(""), { tokens: parts.length, logprobs: parts.map(logprob) })),
      [stopped],
    ]).flat(),
  );
}

/** Each text with logprobs, and their tokens. */
function logprobsOf(events: readonly GenerationEvent[]): [text: string, tokens: string[]][] {
  return events.flatMap((event) =>
    event.type === "text-delta" && event.logprobs !== undefined
      ? [[event.text, event.logprobs.map(({ token }) => token)]]
      : [],
  );
}

function logprob(token: string): TokenLogprob {
  return { token, logprob: -0.5, bytes: null, top: [] };
}
