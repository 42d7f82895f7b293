import { describe, expect, test } from "bun:test";
import * as fc from "fast-check";
import type { ReasoningFormatName } from "../../../src/text/reasoning/format.ts";
import { reasoningFormats } from "../../../src/text/reasoning/formats.ts";
import { type AnswerPart, createReasoningSplitter } from "../../../src/text/reasoning/splitter.ts";
import { cutAt, shortestTimeMs } from "../tool-calls/parsed.ts";

interface Split {
  reasoning: string;
  text: string;
}

function split(format: ReasoningFormatName, pieces: readonly string[], startsInside = false): Split {
  const splitter = createReasoningSplitter(reasoningFormats[format], startsInside);
  const out: AnswerPart[] = [];
  for (const piece of pieces) splitter.push(piece, out);
  splitter.end(out);
  const joined = (type: AnswerPart["type"]) =>
    out
      .filter((part) => part.type === type)
      .map((part) => part.text)
      .join("");
  return { reasoning: joined("reasoning"), text: joined("text") };
}

const cases: readonly (readonly [string, ReasoningFormatName, string, boolean, Split])[] = [
  ["a thought and an answer", "think", "<think>\nhm\n</think>\n\nhi", false, { reasoning: "hm", text: "hi" }],
  [
    "empty lines before the answer, whose first line is indented",
    "think",
    "<think>hm</think>\r\n \n\n  hi\n",
    false,
    { reasoning: "hm", text: "  hi\n" },
  ],
  [
    "more empty lines than are held back",
    "think",
    `<think>hm</think>${"\n".repeat(5_000)}hi`,
    false,
    { reasoning: "hm", text: `${"\n".repeat(903)}hi` },
  ],
  [
    "white space before the thought",
    "think",
    "\n <think>hm</think>hi",
    false,
    { reasoning: "hm", text: "hi" },
  ],
  ["no thought", "think", "hi <think>no</think>", false, { reasoning: "", text: "hi <think>no</think>" }],
  ["white space and no thought", "think", "\n\n<thin", false, { reasoning: "", text: "\n\n<thin" }],
  ["an empty thought", "think", "<think>\n\n</think>\n\nhi", false, { reasoning: "", text: "hi" }],
  ["a thought without end", "think", "<think>hm\n</thin", false, { reasoning: "hm\n</thin", text: "" }],
  ["a thought that began in the prompt", "think", "\nhm</think>hi", true, { reasoning: "hm", text: "hi" }],
  ["its opening mark written again", "think", "<think>\nhm</think>hi", true, { reasoning: "hm", text: "hi" }],
  ["it cut off in white space", "think", "\n ", true, { reasoning: " ", text: "" }],
  ["it closed at once", "think", "</think>hi", true, { reasoning: "", text: "hi" }],
  ["a closing mark alone", "think", "hm</think>hi", false, { reasoning: "", text: "hm</think>hi" }],
  [
    "an opening mark in a thought",
    "think",
    "<think>a<think>b</think>c",
    false,
    { reasoning: "a<think>b", text: "c" },
  ],
  ["two closing marks", "think", "<think>a</think>\n</think>\nb", false, { reasoning: "a", text: "b" }],
  [
    "a closing mark further on",
    "think",
    "<think>a</think>b</think>c",
    false,
    { reasoning: "a", text: "b</think>c" },
  ],
  ["nothing but a thought", "think", "<think>a</think>\n", false, { reasoning: "a", text: "" }],
  ["nothing", "think", "", false, { reasoning: "", text: "" }],
  ["Magistral", "mistral", "[THINK]hm[/THINK]hi", false, { reasoning: "hm", text: "hi" }],
  ["Kimi", "kimi", "◁think▷hm◁/think▷hi", false, { reasoning: "hm", text: "hi" }],
  ["Seed", "seed", "<seed:think>hm</seed:think>hi", false, { reasoning: "hm", text: "hi" }],
  ["Claude's tags", "thinking", "<thinking>hm</thinking>hi", false, { reasoning: "hm", text: "hi" }],
  [
    "Command",
    "command-r",
    "<|START_THINKING|>hm<|END_THINKING|><|START_RESPONSE|>hi",
    false,
    { reasoning: "hm", text: "hi" },
  ],
  [
    "Granite 3.2",
    "granite",
    "Here's my thought process:\nhm\n\nHere is my response:\nhi",
    false,
    { reasoning: "hm\n", text: "hi" },
  ],
  ["Granite 3.3", "granite", "<think>hm</think>\n<response>hi", false, { reasoning: "hm", text: "hi" }],
  [
    "what is not Granite's",
    "granite",
    "Here is my answer",
    false,
    { reasoning: "", text: "Here is my answer" },
  ],
];

for (const [title, format, answer, startsInside, expected] of cases) {
  test(title, () => {
    expect(split(format, [answer], startsInside)).toEqual(expected);
    expect(split(format, answer.split(""), startsInside)).toEqual(expected);
  });
}

const formats: readonly ReasoningFormatName[] = [
  "think",
  "thinking",
  "mistral",
  "granite",
  "command-r",
  "kimi",
  "seed",
];
const fragments = Object.values(reasoningFormats).flatMap((marks) => [...marks.open, ...marks.close]);
const nearlyThoughts = fc
  .array(
    fc.oneof(fc.constantFrom(...fragments), fc.constantFrom("<", "\n", " ", "a", "😀", "Here", "[", "◁")),
    {
      maxLength: 12,
    },
  )
  .map((parts) => parts.join(""));

test("an answer reads alike however it is cut", () => {
  const cuts = fc.array(fc.nat(), { maxLength: 20 });
  fc.assert(
    fc.property(
      fc.constantFrom(...formats),
      nearlyThoughts,
      fc.boolean(),
      cuts,
      (format, answer, inside, places) => {
        expect(split(format, cutAt(answer, places), inside)).toEqual(split(format, [answer], inside));
      },
    ),
    { numRuns: 10_000 },
  );
});

test("an answer that does not begin with a mark stays as it is", () => {
  const answers = nearlyThoughts.map((answer) => `a${answer}`);
  fc.assert(
    fc.property(fc.constantFrom(...formats), answers, (format, answer) => {
      expect(split(format, answer.split(""))).toEqual({ reasoning: "", text: answer });
    }),
    { numRuns: 2_000 },
  );
});

describe("time grows with the answer, not faster", () => {
  const hard: readonly (readonly [string, string, string])[] = [
    ["beginnings of the closing mark", "<think>", "</thin"],
    ["line breaks", "<think>", "\n"],
    ["white space at the beginning", "", "\n"],
    ["text", "", "<"],
    ["closing marks", "<think>", "</think>"],
  ];
  for (const [title, head, part] of hard) {
    test(title, () => {
      const short = [head, ...Array<string>(Math.floor(50_000 / part.length)).fill(part)];
      const long = [head, ...Array<string>(8 * (short.length - 1)).fill(part)];
      split("think", short);

      const once = shortestTimeMs(4, () => split("think", short));
      const longer = shortestTimeMs(4, () => split("think", long));

      // Eight times the text; quadratic time would be 64 times as long.
      expect(longer).toBeLessThan(32 * once + 5);
    });
  }
});
