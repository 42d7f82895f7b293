import { describe, expect, test } from "bun:test";
import { assertContract } from "../../support/contract.ts";
import type { UpstreamAnswer } from "../../support/upstream/upstream.ts";
import { delta, inShort, startBed } from "./support.ts";

const stop = delta({}, "stop");
const called = delta({}, "tool_calls");
const call = (fields: object) => delta({ tool_calls: [fields] });
const named = (name: string | null, json: unknown) => ({
  type: "function",
  function: { name, arguments: json },
});
const usage = { prompt_tokens: 4, completion_tokens: 2, total_tokens: 6 };
const raw = (...texts: string[]) => ({ raw: texts });
const event = (value: unknown) => `data: ${JSON.stringify(value)}\n\n`;
const hello = event(delta({ content: "Hello" })) + event(stop);

const rows: readonly [string, UpstreamAnswer, readonly string[]][] = [
  ["no role", { chunks: [delta({ content: "Hi" }), stop] }, ["text Hi", "finish stop"]],
  [
    "null and empty deltas",
    {
      chunks: [delta(null), delta({ content: null }), delta({ content: "" }), delta({ content: "Hi" }), stop],
    },
    ["text Hi", "finish stop"],
  ],
  [
    "choices that are null, missing or empty",
    { chunks: [{ choices: null }, {}, { choices: [] }, delta({ content: "Hi" }), { choices: [] }, stop] },
    ["text Hi", "finish stop"],
  ],
  [
    "a choice without an index",
    {
      chunks: [
        { choices: [{ delta: { content: "Hi" } }] },
        { choices: [{ delta: {}, finish_reason: "stop" }] },
      ],
    },
    ["text Hi", "finish stop"],
  ],
  [
    "an index that does not begin at 0",
    {
      chunks: [
        { choices: [{ index: 1, delta: { content: "Hi" } }] },
        { choices: [{ index: 1, delta: {}, finish_reason: "stop" }] },
      ],
    },
    ["text Hi", "finish stop"],
  ],
  [
    "a choice that was not asked for",
    { chunks: [delta({ content: "Hi" }), { choices: [{ index: 1, delta: { content: "no" } }] }, stop] },
    ["text Hi", "finish stop"],
  ],
  [
    "text after the end",
    { chunks: [delta({ content: "Hi" }), stop, delta({ content: "no" }), stop] },
    ["text Hi", "finish stop"],
  ],
  [
    "the last text in the chunk of the end",
    { chunks: [delta({ content: "Hi" }, "stop")] },
    ["text Hi", "finish stop"],
  ],
  [
    "an empty finish reason in each chunk",
    { chunks: [delta({ content: "Hi" }, ""), delta({ content: "!" }, ""), stop] },
    ["text Hi", "text !", "finish stop"],
  ],
  [
    "an unknown finish reason",
    { chunks: [delta({ content: "Hi" }), delta({}, "done_it")] },
    ["text Hi", "finish stop"],
  ],
  [
    "another's word for the end",
    { chunks: [delta({ content: "Hi" }), delta({}, "MAX_TOKENS")] },
    ["text Hi", "finish length"],
  ],
  ["no finish reason", { chunks: [delta({ content: "Hi" })] }, ["text Hi", "finish stop"]],
  [
    "no finish reason after a call",
    { chunks: [call({ index: 0, id: "a", ...named("f", "{}") })] },
    ["start 0 a f", "args 0 {}", "finish tool-calls"],
  ],
  ["no [DONE]", { chunks: [delta({ content: "Hi" }), stop], done: false }, ["text Hi", "finish stop"]],
  [
    "neither [DONE] nor a finish reason, in a body that ends properly",
    { chunks: [delta({ content: "Hi" })], done: false },
    ["text Hi", "finish stop"],
  ],
  [
    "anything after [DONE]",
    { chunks: [delta({ content: "Hi" }), stop, "data: [DONE]\n\ndata: no\n\n"] },
    ["text Hi", "finish stop"],
  ],
  ["[DONE] with a space, or without", raw(hello, "data:[DONE] \n\n"), ["text Hello", "finish stop"]],
  ["CRLF", raw(hello.replaceAll("\n", "\r\n"), "data: [DONE]\r\n\r\n"), ["text Hello", "finish stop"]],
  ["CR alone", raw(hello.replaceAll("\n", "\r"), "data: [DONE]\r\r"), ["text Hello", "finish stop"]],
  ["a byte order mark", raw(`\uFEFF${hello}`), ["text Hello", "finish stop"]],
  [
    "comments, ids and empty data",
    raw(": hi\n\nid: 1\n\nretry: 5\n\ndata:\n\ndata: \n\n", hello),
    ["text Hello", "finish stop"],
  ],
  ["an event's name", raw(hello.replaceAll("data:", "event: message\ndata:")), ["text Hello", "finish stop"]],
  [
    "JSON over several lines",
    raw(hello.replace('{"choices"', '{\ndata: "choices"')),
    ["text Hello", "finish stop"],
  ],
  ["no blank line after the last event", raw(hello.trimEnd()), ["text Hello", "finish stop"]],
  ["white space in front", raw("\n", " \n", hello), ["text Hello", "finish stop"]],
  [
    "a stream that is called JSON",
    { raw: [hello], headers: { "content-type": "application/json" } },
    ["text Hello", "finish stop"],
  ],
  [
    "a whole answer to a stream",
    {
      whole: {
        choices: [{ index: 0, message: { role: "assistant", content: "Hi" }, finish_reason: "stop" }],
        usage,
      },
    },
    ["text Hi", "finish stop", "usage 4+2"],
  ],
  [
    "a whole answer that is called a stream",
    raw(JSON.stringify({ choices: [{ message: { content: "Hi" } }] })),
    ["text Hi", "finish stop"],
  ],
  [
    "a whole message within a stream",
    { chunks: [{ choices: [{ message: { content: "Hi" }, finish_reason: "stop" }] }] },
    ["text Hi", "finish stop"],
  ],
  [
    "content in parts",
    {
      chunks: [
        delta({
          content: [
            { type: "text", text: "H" },
            { type: "text", text: "i" },
          ],
        }),
        stop,
      ],
    },
    ["text Hi", "finish stop"],
  ],
  [
    "thinking in parts",
    {
      chunks: [
        delta({ content: [{ type: "thinking", thinking: [{ type: "text", text: "hm" }] }] }),
        delta({ content: "Hi" }),
        stop,
      ],
    },
    ["reasoning hm", "text Hi", "finish stop"],
  ],
  [
    "reasoning under one name",
    { chunks: [delta({ reasoning: "hm" }), delta({ content: "Hi" }), stop] },
    ["reasoning hm", "text Hi", "finish stop"],
  ],
  [
    "reasoning under both names",
    { chunks: [delta({ reasoning: "hm", reasoning_content: "hm" }), delta({ content: "Hi" }), stop] },
    ["reasoning hm", "text Hi", "finish stop"],
  ],
  [
    "a refusal",
    { chunks: [delta({ refusal: "No." }), delta({}, "content_filter")] },
    ["refusal No.", "finish content-filter"],
  ],
  [
    "error: null",
    { chunks: [{ ...delta({ content: "Hi" }), error: null }, stop] },
    ["text Hi", "finish stop"],
  ],
  [
    "usage without choices",
    { chunks: [delta({ content: "Hi" }), stop, { usage }] },
    ["text Hi", "finish stop", "usage 4+2"],
  ],
  [
    "usage in every chunk",
    {
      chunks: [
        { ...delta({ content: "Hi" }), usage: { ...usage, completion_tokens: 1 } },
        { ...stop, usage },
      ],
    },
    ["text Hi", "finish stop", "usage 4+2"],
  ],
  [
    "usage before the end",
    { chunks: [{ usage }, delta({ content: "Hi" }), stop] },
    ["text Hi", "finish stop", "usage 4+2"],
  ],
  [
    "usage without completion tokens",
    { chunks: [delta({ content: "Hi" }), stop, { usage: { prompt_tokens: 4, total_tokens: 6 } }] },
    ["text Hi", "finish stop", "usage 4+2"],
  ],
  [
    "usage that is nonsense",
    { chunks: [delta({ content: "Hi" }), stop, { usage: { prompt_tokens: -1, completion_tokens: "2" } }] },
    ["text Hi", "finish stop"],
  ],
  [
    "usage where Groq has it",
    { chunks: [delta({ content: "Hi" }), { ...stop, x_groq: { usage } }] },
    ["text Hi", "finish stop", "usage 4+2"],
  ],

  [
    "a call as it should be",
    {
      chunks: [
        call({ index: 0, id: "a", ...named("f", "") }),
        call({ index: 0, function: { arguments: '{"x":' } }),
        call({ index: 0, function: { arguments: "1}" } }),
        called,
      ],
    },
    ["start 0 a f", 'args 0 {"x":', "args 0 1}", "finish tool-calls"],
  ],
  [
    "a call that ends with stop",
    { chunks: [call({ index: 0, id: "a", ...named("f", "{}") }), stop] },
    ["start 0 a f", "args 0 {}", "finish tool-calls"],
  ],
  [
    "tool_calls as the reason without a call",
    { chunks: [delta({ content: "Hi" }), called] },
    ["text Hi", "finish stop"],
  ],
  [
    "tool_calls that are null or empty",
    { chunks: [delta({ content: "Hi", tool_calls: null }), delta({ tool_calls: [] }), stop] },
    ["text Hi", "finish stop"],
  ],
  [
    "a call without an index",
    { chunks: [call({ id: "a", ...named("f", '{"x"') }), call({ function: { arguments: ":1}" } }), called] },
    ["start 0 a f", 'args 0 {"x"', "args 0 :1}", "finish tool-calls"],
  ],
  [
    "calls without an index in one delta",
    { chunks: [delta({ tool_calls: [named("f", "{}"), named("f", "{}")] }), called] },
    ["start 0 NEW f", "args 0 {}", "start 1 NEW f", "args 1 {}", "finish tool-calls"],
  ],
  [
    "id and name repeated",
    {
      chunks: [
        call({ index: 0, id: "a", ...named("f", '{"x"') }),
        call({ index: 0, id: "a", ...named("f", ":1}") }),
        call({ index: 0, id: "a", ...named("f", "") }),
        called,
      ],
    },
    ["start 0 a f", 'args 0 {"x"', "args 0 :1}", "finish tool-calls"],
  ],
  [
    "another id in each delta of a call",
    {
      chunks: [
        call({ index: 0, id: "a", ...named("f", '{"x"') }),
        call({ index: 0, id: "b", ...named("f", ":1}") }),
        called,
      ],
    },
    ["start 0 a f", 'args 0 {"x"', "args 0 :1}", "finish tool-calls"],
  ],
  [
    "id, type and name that turn null or empty",
    {
      chunks: [
        call({ index: 0, id: "a", ...named("f", "{") }),
        call({ index: 0, id: null, type: null, function: { name: null, arguments: "}" } }),
        call({ index: 0, id: "", function: { name: "", arguments: "" } }),
        called,
      ],
    },
    ["start 0 a f", "args 0 {", "args 0 }", "finish tool-calls"],
  ],
  [
    "an id that is a number",
    { chunks: [call({ index: 0, id: 7, ...named("f", "{}") }), called] },
    ["start 0 7 f", "args 0 {}", "finish tool-calls"],
  ],
  [
    "no id",
    { chunks: [call({ index: 0, ...named("f", "{}") }), called] },
    ["start 0 NEW f", "args 0 {}", "finish tool-calls"],
  ],
  [
    "the same id for two calls",
    {
      chunks: [
        call({ index: 0, id: "a", ...named("f", "{}") }),
        call({ index: 1, id: "a", ...named("g", "{}") }),
        called,
      ],
    },
    ["start 0 a f", "args 0 {}", "start 1 NEW g", "args 1 {}", "finish tool-calls"],
  ],
  [
    "arguments as an object",
    { chunks: [call({ index: 0, id: "a", ...named("f", { x: 1 }) }), called] },
    ["start 0 a f", 'args 0 {"x":1}', "finish tool-calls"],
  ],
  [
    "arguments null",
    {
      chunks: [
        call({ index: 0, id: "a", ...named("f", null) }),
        call({ index: 0, function: { arguments: "{}" } }),
        called,
      ],
    },
    ["start 0 a f", "args 0 {}", "finish tool-calls"],
  ],
  [
    "a name that comes after the arguments",
    {
      chunks: [
        call({ index: 0, id: "a", function: { arguments: "{" } }),
        call({ index: 0, ...named("f", "}") }),
        called,
      ],
    },
    ["start 0 a f", "args 0 {}", "finish tool-calls"],
  ],
  [
    "two calls under index 0",
    {
      chunks: [
        call({ index: 0, id: "a", ...named("f", '{"x":1}') }),
        call({ index: 0, id: "b", ...named("f", '{"x":2}') }),
        called,
      ],
    },
    ["start 0 a f", 'args 0 {"x":1}', "start 1 b f", 'args 1 {"x":2}', "finish tool-calls"],
  ],
  [
    "two calls under index 0 without ids",
    {
      chunks: [
        call({ index: 0, id: "", ...named("f", '{"x":1}') }),
        call({ index: 0, id: "", ...named("g", '{"x":2}') }),
        called,
      ],
    },
    ["start 0 NEW f", 'args 0 {"x":1}', "start 1 NEW g", 'args 1 {"x":2}', "finish tool-calls"],
  ],
  [
    "two calls without arguments under index 0",
    {
      chunks: [
        call({ index: 0, id: "a", ...named("f", "") }),
        call({ index: 0, id: "b", ...named("f", "") }),
        called,
      ],
    },
    ["start 0 a f", "start 1 b f", "finish tool-calls"],
  ],
  [
    "calls in pieces that are mixed",
    {
      chunks: [
        call({ index: 0, id: "a", ...named("f", "") }),
        call({ index: 1, id: "b", ...named("g", "") }),
        call({ index: 0, function: { arguments: "{" } }),
        call({ index: 1, function: { arguments: "{" } }),
        call({ index: 1, function: { arguments: "}" } }),
        call({ index: 0, function: { arguments: "}" } }),
        called,
      ],
    },
    ["start 0 a f", "args 0 {", "args 0 }", "start 1 b g", "args 1 {}", "finish tool-calls"],
  ],
  [
    "indices that begin at 1, with a gap",
    {
      chunks: [
        call({ index: 1, id: "a", ...named("f", "{}") }),
        call({ index: 3, id: "b", ...named("g", "{}") }),
        called,
      ],
    },
    ["start 0 a f", "args 0 {}", "start 1 b g", "args 1 {}", "finish tool-calls"],
  ],
  [
    "the older function_call",
    {
      chunks: [
        delta({ function_call: { name: "f", arguments: "" } }),
        delta({ function_call: { arguments: "{}" } }),
        delta({}, "function_call"),
      ],
    },
    ["start 0 NEW f", "args 0 {}", "finish tool-calls"],
  ],
  [
    "a custom tool",
    {
      chunks: [
        call({ index: 0, id: "a", type: "custom", custom: { name: "f", input: "" } }),
        call({ index: 0, custom: { input: "free" } }),
        called,
      ],
    },
    ["start 0 a f custom", "args 0 free", "finish tool-calls"],
  ],
  [
    "calls in a whole answer",
    {
      whole: {
        choices: [
          {
            message: {
              content: null,
              tool_calls: [
                { id: "a", ...named("f", "{}") },
                { id: "b", ...named("f", "{}") },
              ],
            },
            finish_reason: "tool_calls",
          },
        ],
      },
    },
    ["start 0 a f", "args 0 {}", "start 1 b f", "args 1 {}", "finish tool-calls"],
  ],
];

describe("an upstream that is sloppy comes out clean:", () => {
  for (const [what, answer, expected] of rows) {
    test(what, async () => {
      await using bed = await startBed(() => answer);

      const { batches, failure } = await bed.ask();

      expect(failure).toBeUndefined();
      assertContract(batches);
      expect(inShort(batches.flat())).toEqual([...expected]);
    });
  }

  test("mending is told in the log, each kind once", async () => {
    await using bed = await startBed(() => ({
      chunks: [
        delta({ content: "Hi" }),
        ...[1, 2].map((index) => ({ choices: [{ index, delta: { content: "no" } }] })),
        delta({}, "odd"),
      ],
    }));

    await bed.ask();

    expect(bed.log.lines).toEqual(Array.from({ length: 2 }, () => "warn A model server's answer was mended"));
  });

  test("a character that is cut between reads is whole", async () => {
    const bytes = new TextEncoder().encode(event(delta({ content: "añ😀b" })) + event(stop));
    await using bed = await startBed(() => ({ raw: [...bytes].map((byte) => Uint8Array.of(byte)) }));

    const { batches } = await bed.ask();

    expect(inShort(batches.flat())).toEqual(["text añ😀b", "finish stop"]);
  });

  test("several choices keep apart, and an index that is missing goes by its place", async () => {
    await using bed = await startBed(() => ({
      chunks: [
        {
          choices: [
            { index: 1, delta: { content: "b" } },
            { index: 0, delta: { content: "a" } },
          ],
        },
        {
          choices: [
            { delta: {}, finish_reason: "stop" },
            { delta: {}, finish_reason: "length" },
          ],
        },
      ],
    }));

    const { batches } = await bed.ask({ choices: 2 });

    assertContract(batches, 2);
    expect(batches.flat()).toEqual([
      { type: "text-delta", choice: 1, text: "b" },
      { type: "text-delta", choice: 0, text: "a" },
      { type: "finish", choice: 0, reason: "stop" },
      { type: "finish", choice: 1, reason: "length" },
    ]);
  });

  test("logprobs of chat and of legacy completions come in one form", async () => {
    const top = [{ token: "H", logprob: -0.1, bytes: [72] }];
    const chat = {
      ...delta({ content: "H" }),
      choices: [
        {
          index: 0,
          delta: { content: "H" },
          logprobs: { content: [{ token: "H", logprob: -0.1, bytes: [72], top_logprobs: top }] },
        },
      ],
    };
    const legacy = {
      choices: [
        {
          index: 0,
          text: "H",
          logprobs: { tokens: ["H"], token_logprobs: [null], top_logprobs: [{ H: -0.1 }] },
          finish_reason: null,
        },
      ],
    };
    await using bed = await startBed((body) => ({ chunks: ["prompt" in body ? legacy : chat, stop] }));

    const ofChat = await bed.ask({ logprobs: { top: 1 } });
    const ofLegacy = await bed.ask({ logprobs: { top: 1 }, prompt: { kind: "text", text: "Hi" } });

    expect(ofChat.batches.flat()[0]).toEqual({
      type: "text-delta",
      choice: 0,
      text: "H",
      logprobs: [{ token: "H", logprob: -0.1, bytes: [72], top }],
    });
    expect(ofLegacy.batches.flat()[0]).toEqual({
      type: "text-delta",
      choice: 0,
      text: "H",
      logprobs: [
        { token: "H", logprob: -9_999, bytes: null, top: [{ token: "H", logprob: -0.1, bytes: null }] },
      ],
    });
  });
});

const broken: readonly [string, UpstreamAnswer][] = [
  ["a page", { raw: ["<html>nginx</html>"], headers: { "content-type": "text/html" } }],
  ["no JSON", raw("data: {nope\n\n")],
  ["an empty body", raw("")],
  ["nothing but [DONE]", { chunks: [] }],
  ["a number", raw("data: 1\n\n")],
  ["a whole answer that is cut off", raw('{"choices":[{"mess')],
  ["a cut connection", { chunks: [delta({ content: "Hi" })], ending: "drop" }],
  [
    "an end that is only a closed connection",
    {
      raw: [event(delta({ content: "Hi" }))],
      headers: { connection: "close", "transfer-encoding": "identity" },
      ending: "drop",
    },
  ],
  ["a finish reason that is a failure", { chunks: [delta({ content: "Hi" }), delta({}, "error")] }],
  ["a call without a name", { chunks: [call({ index: 0, id: "a", function: { arguments: "{}" } }), called] }],
];

function* endless() {
  yield 'data: {"a":"';
  for (;;) yield "x".repeat(262_144);
}

describe("an answer that cannot be mended is a failure:", () => {
  for (const [what, answer] of broken) {
    test(what, async () => {
      await using bed = await startBed(() => answer);

      const { batches, failure } = await bed.ask();

      expect(failure).toMatchObject({ kind: "upstream", code: "upstream_error" });
      expect(batches.flat().filter(({ type }) => type === "finish")).toEqual([]);
    });
  }

  test("an event without an end is cut at a limit", async () => {
    await using bed = await startBed(() => ({ raw: endless() }));

    const { failure } = await bed.ask();

    expect(failure).toMatchObject({ kind: "upstream" });
    await bed.upstream.calls[0]?.aborted;
  });
});
