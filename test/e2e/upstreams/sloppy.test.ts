import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { user } from "../../support/openai-wire.ts";
import { describeBlackBox } from "../../support/prerequisites.ts";
import type { UpstreamAnswer, UpstreamScript } from "../../support/upstream/upstream.ts";
import { lastText } from "../agents/upstream-body.ts";
import { startUpstreamBed, type UpstreamBed } from "./bed.ts";
import { type Sdk, sdks } from "./sdks.ts";

const delta = (fields: unknown, finish_reason: string | null = null) => ({
  choices: [{ index: 0, delta: fields, finish_reason }],
});
const calling = (...calls: object[]) => delta({ tool_calls: calls });
const of = (name: string | null, json: unknown) => ({
  type: "function",
  function: { name, arguments: json },
});
const event = (value: unknown) => `data: ${JSON.stringify(value)}\n\n`;
const stop = delta({}, "stop");
const called = delta({}, "tool_calls");
const usage = { prompt_tokens: 4, completion_tokens: 2, total_tokens: 6 };
const bytes = (text: string) => [...new TextEncoder().encode(text)].map((byte) => new Uint8Array([byte]));

/** Answers whose text is "Hi ñ", by what is wrong with them. */
const texts: Readonly<Record<string, UpstreamAnswer>> = {
  "the role in every delta": {
    chunks: [
      delta({ role: "assistant", content: "Hi" }),
      delta({ role: "assistant", content: " ñ" }),
      delta({ role: "assistant", content: "" }, "stop"),
    ],
  },
  "no role, no finish reason, no [DONE]": {
    chunks: [delta({ content: "Hi" }), delta({ content: " ñ" })],
    done: false,
  },
  "chunks without choices, first and in the middle": {
    chunks: [
      { choices: [], prompt_filter_results: [] },
      delta({ content: "Hi" }),
      { choices: [] },
      {},
      delta({ content: " ñ" }),
      stop,
      { usage },
    ],
  },
  "choices without an index": {
    chunks: [
      { choices: [{ delta: { content: "Hi ñ" } }] },
      { choices: [{ delta: {}, finish_reason: "stop" }] },
    ],
  },
  "empty tool_calls beside the text": {
    chunks: [
      delta({ content: "Hi", tool_calls: [] }),
      delta({ content: " ñ", tool_calls: null, function_call: null }),
      stop,
    ],
  },
  "another object, no id, no model": {
    chunks: [
      { object: "chat.completion", ...delta({ content: "Hi ñ" }) },
      { object: "chat.completion", ...stop },
    ],
  },
  "usage in every chunk": {
    chunks: [
      { ...delta({ content: "Hi" }), usage: { ...usage, completion_tokens: 1 } },
      { ...delta({ content: " ñ" }), usage },
      { ...stop, usage },
    ],
  },
  "a whole answer to a stream": {
    whole: { choices: [{ message: { role: "assistant", content: "Hi ñ" }, finish_reason: "stop" }], usage },
  },
  "carriage returns, comments and a [DONE] with a space": {
    raw: [
      ": waiting\r\n\r\n",
      event(delta({ content: "Hi ñ" })).replaceAll("\n", "\r\n"),
      event(stop).replaceAll("\n", "\r\n"),
      "data:[DONE] \r\n\r\n",
    ],
  },
  "characters cut between packets": {
    raw: bytes(event(delta({ content: "Hi ñ" })) + event(stop)),
  },
  "content in parts": {
    chunks: [
      delta({ content: [{ type: "text", text: "Hi" }] }),
      delta({ content: [{ type: "text", text: " ñ" }] }, "end_turn"),
    ],
  },
  "events with names and numbers": {
    raw: [
      `id: 1\nevent: completion\n${event(delta({ content: "Hi ñ" }))}`,
      `id: 2\nevent: completion\n${event(stop)}`,
    ],
  },
  "tool_calls as the reason without a call": { chunks: [delta({ content: "Hi ñ" }), called] },
  "text after the end": { chunks: [delta({ content: "Hi ñ" }), stop, delta({ content: "no" }), stop] },
  "error: null": { chunks: [{ ...delta({ content: "Hi ñ" }), error: null }, stop] },
};

/** Answers that call `forecast` with `{"city":"Oslo"}`, likewise. */
const calls: Readonly<Record<string, UpstreamAnswer>> = {
  "a call without an index": {
    chunks: [
      calling({ id: "a", ...of("forecast", '{"city"') }),
      calling({ function: { arguments: ':"Oslo"}' } }),
      called,
    ],
  },
  "a call without a type, an id or a role": {
    chunks: [calling({ index: 0, function: { name: "forecast", arguments: '{"city":"Oslo"}' } }), called],
  },
  "an id that is a number": {
    chunks: [calling({ index: 0, id: 7, ...of("forecast", '{"city":"Oslo"}') }), called],
  },
  "id, type and name in every delta": {
    chunks: [
      calling({ index: 0, id: "a", ...of("forecast", '{"city"') }),
      calling({ index: 0, id: "a", ...of("forecast", ':"Oslo"') }),
      calling({ index: 0, id: "a", ...of("forecast", "}") }),
      called,
    ],
  },
  "id, type and name that turn null or empty": {
    chunks: [
      calling({ index: 0, id: "a", ...of("forecast", '{"city":') }),
      calling({ index: 0, id: null, type: null, function: { name: null, arguments: '"Oslo"' } }),
      calling({ index: 0, id: "", function: { name: "", arguments: "}" } }),
      called,
    ],
  },
  "arguments null, then an object": {
    chunks: [
      calling({ index: 0, id: "a", ...of("forecast", null) }),
      calling({ index: 0, function: { arguments: { city: "Oslo" } } }),
      called,
    ],
  },
  "a call that ends with stop": {
    chunks: [calling({ index: 0, id: "a", ...of("forecast", '{"city":"Oslo"}') }), stop],
  },
  "a call that begins at 1 and has no end": {
    chunks: [calling({ index: 1, id: "a", ...of("forecast", '{"city":"Oslo"}') })],
  },
  "the older function_call": {
    chunks: [
      delta({ function_call: { name: "forecast", arguments: "" } }),
      delta({ function_call: { arguments: '{"city":"Oslo"}' } }),
      delta({}, "function_call"),
    ],
  },
  "a whole answer with a call": {
    whole: {
      choices: [
        {
          message: { content: null, tool_calls: [{ id: "a", ...of("forecast", { city: "Oslo" }) }] },
          finish_reason: "stop",
        },
      ],
    },
  },
};

/** Answers with two such calls, likewise. */
const twice: Readonly<Record<string, UpstreamAnswer>> = {
  "two calls under one index": {
    chunks: [
      calling({ index: 0, id: "a", ...of("forecast", '{"city":"Oslo"}') }),
      calling({ index: 0, id: "b", ...of("forecast", '{"city":"Oslo"}') }),
      called,
    ],
  },
  "two calls with one id": {
    chunks: [
      calling({ index: 0, id: "a", ...of("forecast", '{"city":"Oslo"}') }),
      calling({ index: 1, id: "a", ...of("forecast", '{"city":"Oslo"}') }),
      called,
    ],
  },
  "two calls whose pieces are mixed": {
    chunks: [
      calling({ index: 0, id: "a", ...of("forecast", "") }, { index: 1, id: "b", ...of("forecast", "") }),
      calling({ index: 1, function: { arguments: '{"city":' } }),
      calling({ index: 0, function: { arguments: '{"city":"Oslo"}' } }),
      calling({ index: 1, function: { arguments: '"Oslo"}' } }),
      called,
    ],
  },
};

const answers = { ...texts, ...calls, ...twice };
const parameters = {
  type: "object",
  properties: { city: { type: "string" } },
  required: ["city"],
  additionalProperties: false,
};
const tools = [{ type: "function", function: { name: "forecast", parameters, strict: true } }];

const script: UpstreamScript = (body) => answers[lastText(body, "user")] ?? { text: "no such answer" };

describeBlackBox("The clients' stream helpers understand what a sloppy upstream says:", () => {
  let bed: UpstreamBed;
  beforeAll(async () => {
    bed = await startUpstreamBed(script);
  });
  afterAll(() => bed.stop());

  for (const { name, start } of sdks) {
    describe(name, () => {
      let sdk: Sdk;
      beforeAll(async () => {
        sdk = await start();
      });
      afterAll(() => sdk.stop());
      const ask = (text: string, body: Record<string, unknown> = {}) =>
        sdk.final({
          baseUrl: bed.url,
          call: "chat.completions.stream",
          arguments: { model: "gpt-4o-mini", ...user(text), ...body },
        });

      for (const what of Object.keys(texts)) {
        test(what, async () => {
          const { choices } = await ask(what);

          expect(choices[0]?.message).toMatchObject({ role: "assistant", content: "Hi ñ" });
          expect(choices[0]?.message.tool_calls ?? []).toEqual([]);
          expect(choices[0]?.finish_reason).toBe("stop");
        });
      }

      for (const [count, table] of [
        [1, calls],
        [2, twice],
      ] as const) {
        for (const what of Object.keys(table)) {
          test(what, async () => {
            const { choices } = await ask(what, { tools });

            const made = choices[0]?.message.tool_calls ?? [];
            expect(made.map((call) => [call.type, call.function.name, call.function.arguments])).toEqual(
              Array.from({ length: count }, () => ["function", "forecast", '{"city":"Oslo"}']),
            );
            expect(new Set(made.map(({ id }) => id)).size).toBe(count);
            expect(choices[0]?.finish_reason).toBe("tool_calls");
          });
        }
      }
    });
  }
});
