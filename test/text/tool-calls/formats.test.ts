import { describe, expect, test } from "bun:test";
import * as fc from "fast-check";
import type { AnswerPiece, ToolCallFormatName } from "../../../src/text/tool-calls/format.ts";
import { toolCallFormats } from "../../../src/text/tool-calls/formats.ts";
import { corpora } from "./corpus.ts";
import { cutAt, parse, shortestTimeMs } from "./parsed.ts";

const names: readonly ToolCallFormatName[] = [
  "hermes",
  "llama3-json",
  "llama-pythonic",
  "mistral",
  "granite",
  "deepseek",
  "phi",
  "internlm",
  "xlam",
  "command-r",
  "json",
  "xml",
];

const cuts = fc.array(fc.nat(), { maxLength: 24 });

/** What answers are made of, so that a random one comes close to a call. */
const fragments: readonly string[] = [
  ..."<tool_call> </tool_call> <function=add> <parameter=a> </parameter> </function> <|python_tag|>".split(
    " ",
  ),
  ..."<|eom_id|> [TOOL_CALLS] [ARGS] [CALL_ID] <|tool_call|> functools </think> ``` ```json Action:".split(
    " ",
  ),
  ..."<｜tool▁calls▁begin｜> <｜tool▁call▁begin｜> <｜tool▁sep｜> <｜tool▁call▁end｜> function".split(" "),
  ..."<|action_start|> <|plugin|> <|action_end|> <|START_ACTION|> <|END_ACTION|> <function_calls>".split(" "),
  ...'<invoke>name=>"add"> <parameter>name=>"a"> </invoke> </function_calls> <tool>name=>"add"> </tool>'
    .split(" ")
    .map((tag) => tag.replace(">name=>", " name=")),
  ...'<｜DSML｜invoke "name": "add" "arguments": "parameters": "a": "{\\"a\\":1}" null 1'.split(" "),
  ..."{ } [ ] ( ) add add( a=1 a='x' < > \" \\ , ; : = é 😀".split(" "),
  '{"name": "add"',
  "text ",
  "\n",
  " ",
];
const nearly = fc.constantFrom(...fragments);
const nearlyCalls = fc
  .array(
    fc.oneof(
      nearly,
      nearly.map((part) => part.slice(1)),
    ),
    { maxLength: 24 },
  )
  .map((parts) => parts.join(""));

for (const name of names) {
  const format = toolCallFormats[name];

  describe(name, () => {
    for (const [title, answer, expected] of corpora[name]) {
      test(title, () => {
        expect(parse(format, [answer])).toEqual([...expected]);
        expect(parse(format, answer.split(""))).toEqual([...expected]);
      });
    }

    test("reads an answer alike however it is cut", () => {
      fc.assert(
        fc.property(fc.constantFrom(...corpora[name]), cuts, ([, answer, expected], places) => {
          expect(parse(format, cutAt(answer, places))).toEqual([...expected]);
        }),
        { numRuns: 500 },
      );
    });

    test("reads what is nearly a call alike however it is cut", () => {
      fc.assert(
        fc.property(nearlyCalls, cuts, (answer, places) => {
          expect(parse(format, cutAt(answer, places))).toEqual(parse(format, [answer]));
        }),
        { numRuns: 2_000 },
      );
    });

    test("leaves everything as it is where no tool may be called", () => {
      const answers = fc.oneof(nearlyCalls, fc.constantFrom(...corpora[name].map(([, answer]) => answer)));

      fc.assert(
        fc.property(answers, cuts, (answer, places) => {
          const parsed = parse(format, cutAt(answer, places), new Set());

          expect(parsed).toEqual(answer === "" ? [] : [answer]);
        }),
        { numRuns: 1_000 },
      );
    });

    test("holds back no plain text", () => {
      const parser = format.createParser(new Set(["add"]));
      const out: AnswerPiece[] = [];

      for (const piece of ["It", " is 5 > 4, ", "as [1] says."]) parser.push(piece, out);

      expect(out).toHaveLength(3);
    });

    for (const part of [
      "<",
      "[",
      '{"name":',
      "```",
      '[{"name":"add","arguments":{"a":',
      "<tool_call>{",
      '{"function":',
    ]) {
      test(`takes time in proportion to an answer of ${JSON.stringify(part)}`, () => {
        const short = part.repeat(50_000 / part.length);
        const long = short.repeat(8);
        parse(format, [short]);

        const once = shortestTimeMs(4, () => parse(format, [short]));
        const longer = shortestTimeMs(4, () => parse(format, [long]));

        expect(longer).toBeLessThan(24 * once + 5);
      });
    }
  });
}

describe("what is held back", () => {
  const head = '<tool_call>{"arguments": {"a": "';

  test("may be long", () => {
    const text = "x".repeat(1_000_000);
    const answer = `${head}${text}"}, "name": "add"}</tool_call>`;

    expect(parse(toolCallFormats.hermes, [answer])).toEqual([["add", `{"a": "${text}"}`]]);
  });

  test("is text once it is longer than 1 MiB, wherever it is cut", () => {
    const answer = `${head}${"x".repeat(1_100_000)}"}, "name": "add"}</tool_call>`;
    const pieces = answer.match(/.{1,65537}/gs) ?? [];

    expect(parse(toolCallFormats.hermes, [answer])).toEqual([answer]);
    expect(parse(toolCallFormats.hermes, pieces)).toEqual([answer]);
  });

  test("does not count what was given out", () => {
    const text = "x".repeat(3_000_000);
    const answer = `<tool_call>{"name": "add", "arguments": {"a": "${text}"}}</tool_call>`;

    expect(parse(toolCallFormats.hermes, [answer])).toEqual([["add", `{"a": "${text}"}`]]);
  });

  test("nesting deeper than 128 breaks arguments", () => {
    const answer = `<tool_call>{"name": "add", "arguments": {"a": ${"[".repeat(200)}`;

    expect(parse(toolCallFormats.hermes, [answer])).toEqual([
      ["add", `{"a": ${"[".repeat(127)}`],
      "[".repeat(73),
    ]);
  });
});

describe("arguments", () => {
  test("come as the model writes them", () => {
    const parser = toolCallFormats.hermes.createParser(new Set(["add"]));
    const given = [
      '<tool_call>{"name": "add',
      '", "argum',
      'ents": {"a',
      '": "b',
      'c"}',
      "}</tool_call>",
    ].map((piece) => {
      const out: AnswerPiece[] = [];
      parser.push(piece, out);
      return out;
    });

    expect(given).toEqual([
      [],
      [],
      [
        { type: "call", name: "add" },
        { type: "arguments", text: "{" },
        { type: "arguments", text: '"a' },
      ],
      [{ type: "arguments", text: '": "b' }],
      [{ type: "arguments", text: 'c"}' }],
      [],
    ]);
  });

  const schemas = {
    get_weather: {
      type: "object",
      properties: { city: { type: "string" }, zip: { enum: ["01067", "50667"] }, days: { type: "integer" } },
    },
  };
  const typed: readonly (readonly [ToolCallFormatName, string])[] = [
    [
      "xml",
      '<invoke name="get_weather"><parameter name="city">1</parameter><parameter name="zip">50667</parameter><parameter name="days">3</parameter></invoke>',
    ],
    [
      "hermes",
      "<function=get_weather><parameter=city>1</parameter><parameter=zip>50667</parameter><parameter=days>3</parameter></function>",
    ],
  ];
  for (const [name, answer] of typed) {
    test(`in tags are texts where the schema says so (${name})`, () => {
      const parsed = parse(
        toolCallFormats[name],
        [answer],
        new Set(["get_weather"]),
        () => schemas.get_weather,
      );

      expect(parsed).toEqual([["get_weather", '{"city":"1","zip":"50667","days":3}']]);
    });
  }
});
