import { describe, expect, test } from "bun:test";
import { createLlmapi } from "../../../../src/drivers/kserve/dialects/llmapi.ts";
import { MalformedTensor } from "../../../../src/drivers/kserve/codec/tensor.ts";
import { llmapi } from "./models.ts";
import { bytes, inputsOf, message, profileOf, readAll, textOf, textRequest } from "./support.ts";

const dialect = createLlmapi(llmapi, {});

test("a call sends sampling in tensors of their own names", () => {
  const sampling = { maxTokens: 3, temperature: 0.5, stop: ["\n", "END"], seed: 1 };
  const images = [{ url: "https://a.example/x.png" }, { url: "data:image/png;base64,AAAA" }];

  expect(inputsOf(dialect.call(textRequest({ sampling, images }), "stream").inputs)).toEqual({
    text_input: ["BYTES", [1], "Say it, Sam."],
    image_url: ["BYTES", [2], "https://a.example/x.png", "data:image/png;base64,AAAA"],
    streaming: ["BOOL", [1], true],
    sampling_param_max_tokens: ["INT32", [1], 3],
    sampling_param_temperature: ["FP32", [1], 0.5],
    sampling_param_seed: ["UINT64", [1], 1],
    sampling_param_stop: ["BYTES", [2], "\n", "END"],
    sampling_param_exclude_input_from_output: ["BOOL", [1], true],
    return_finish_reason: ["BOOL", [1], true],
  });
});

test("the best of several is asked for without streaming", () => {
  const inputs = inputsOf(dialect.call(textRequest({ bestOf: 4 }), "stream").inputs);

  expect(inputs["sampling_param_best_of"]).toEqual(["INT32", [1], 4]);
  expect(inputs["streaming"]?.[2]).toBe(false);
  expect(dialect.abilities).toMatchObject({ bestOf: true, choices: 1, reportsLength: true, images: "url" });
});

test("an adapter is named only where its name is enough", () => {
  const named = createLlmapi(
    profileOf({
      inputs: [
        ["text_input", "BYTES"],
        ["lora_name", "BYTES"],
      ],
      outputs: [["text_output", "BYTES"]],
    }),
    {},
  );

  expect([dialect.abilities.lora, named.abilities.lora]).toEqual([false, true]);
  expect(inputsOf(named.call(textRequest({ lora: "sql" }), "stream").inputs)["lora_name"]).toEqual([
    "BYTES",
    [1],
    "sql",
  ]);
});

const part = (text: string, word: string) =>
  message([bytes("text_output", text), bytes("finish_reason", word)]);

describe("an answer", () => {
  const answers = [
    ["whole texts", [part("Hel", "None"), part("Hello,", "None"), part("Hello, you", "stop")], "Hello, you"],
    ["a whole text that is repeated at the end", [part("Yes", "None"), part("Yes", "stop")], "Yes"],
    ["parts", [part("Hel", "None"), part("lo", "None"), part("", "length")], "Hello"],
  ] as const;
  for (const [form, messages, text] of answers) {
    test(`in ${form} is read`, () => {
      expect(textOf(readAll(dialect, messages).events)).toBe(text);
    });
  }

  test("that timed out is an error", () => {
    expect(() => readAll(dialect, [part("Hel", "timeout")])).toThrow("gave up");
  });

  test("without its text is malformed", () => {
    const ended = message([bytes("finish_reason", "stop")]);

    for (const messages of [[ended], [part("Hel", "None"), ended]]) {
      expect(() => readAll(dialect, messages)).toThrow(new MalformedTensor("text_output", "is missing"));
    }
  });

  test("counts each text that brings something, and not the last that repeats", () => {
    const { events } = readAll(dialect, [
      part("Hel", "None"),
      part("Hello, you", "None"),
      part("Hello, you", "stop"),
    ]);

    const tokens = events.map((event) => (event.type === "text-delta" ? (event.tokens ?? 0) : 0));
    expect(tokens.reduce((sum, count) => sum + count)).toBe(2);
  });
});
