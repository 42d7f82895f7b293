import { describe, expect, test } from "bun:test";
import type { TextRequest } from "../../../../src/drivers/kserve/dialects/dialect.ts";
import { createTrtllm } from "../../../../src/drivers/kserve/dialects/trtllm.ts";
import { MalformedTensor } from "../../../../src/drivers/kserve/codec/tensor.ts";
import { trtllm, trtllmBls, trtllmOld, trtllmUnary } from "./models.ts";
import { bytes, inputsOf, message, numbers, type Output, readAll, textOf, textRequest } from "./support.ts";

const dialect = createTrtllm(trtllm, {});
const unary = createTrtllm(trtllmUnary, {});
const request = (more: Partial<TextRequest> = {}) => textRequest({ sampling: { maxTokens: 3 }, ...more });
const inputs = (more: Partial<TextRequest> = {}, by = dialect) =>
  inputsOf(by.call(request(more), "stream").inputs);
const batched = (output: Output): Output => ({ ...output, shape: [1, ...output.shape] });

describe("a call", () => {
  test("has a batch dimension on every tensor", () => {
    const sampling = { maxTokens: 3, temperature: 0.5, topP: 0.25, topK: 40, seed: -7, stop: ["\n", "END"] };

    expect(inputs({ sampling, extra: { repetition_penalty: 1.5, min_tokens: 2, bad_words: ["x"] } })).toEqual(
      {
        text_input: ["BYTES", [1, 1], "Say it, Sam."],
        max_tokens: ["INT32", [1, 1], 3],
        temperature: ["FP32", [1, 1], 0.5],
        top_p: ["FP32", [1, 1], 0.25],
        top_k: ["INT32", [1, 1], 40],
        seed: ["UINT64", [1, 1], 7],
        stop_words: ["BYTES", [1, 2], "\n", "END"],
        repetition_penalty: ["FP32", [1, 1], 1.5],
        min_tokens: ["INT32", [1, 1], 2],
        bad_words: ["BYTES", [1, 1], "x"],
        stream: ["BOOL", [1, 1], true],
        exclude_input_in_output: ["BOOL", [1, 1], true],
        return_num_input_tokens: ["BOOL", [1, 1], true],
        return_num_output_tokens: ["BOOL", [1, 1], true],
      },
    );
  });

  test("of an older release names the seed and the least length as it did", () => {
    const old = createTrtllm(trtllmOld, {});
    const sampling = { maxTokens: 3, seed: 5, temperature: 1 };

    expect(inputs({ sampling, extra: { min_tokens: 2 }, stream: false }, old)).toEqual({
      text_input: ["BYTES", [1, 1], "Say it, Sam."],
      max_tokens: ["INT32", [1, 1], 3],
      random_seed: ["UINT64", [1, 1], 5],
      min_length: ["INT32", [1, 1], 2],
      stream: ["BOOL", [1, 1], true],
    });
    expect([...old.abilities.sampling]).toEqual(["maxTokens", "seed", "stop"]);
    expect(old.abilities.reportsLength).toBe(false);
  });

  test("never streams from a model that cannot", () => {
    expect(inputs({}, unary)["stream"]?.[2]).toBe(false);
    expect(unary.abilities.rpcs).toEqual(["infer", "stream"]);
    expect(dialect.abilities.rpcs).toEqual(["stream"]);
  });

  test("guides the answer by a schema or to any JSON", () => {
    expect(inputs({ constraint: { kind: "schema", schema: { type: "object" } } })).toMatchObject({
      guided_decoding_guide_type: ["BYTES", [1, 1], "json_schema"],
      guided_decoding_guide: ["BYTES", [1, 1], '{"type":"object"}'],
    });
    expect(inputs({ constraint: { kind: "json" } })).not.toHaveProperty("guided_decoding_guide");
    expect([...dialect.abilities.constraints]).toEqual(["json", "schema"]);
  });

  test("is not guided where the operator says that the engine cannot be", () => {
    const free = createTrtllm(trtllm, { structuredOutputs: "none" });

    expect(free.abilities.constraints.size).toBe(0);
    expect(inputs({ constraint: { kind: "json" } }, free)).not.toHaveProperty("guided_decoding_guide_type");
  });

  test("takes one image by its address where there is room for one", () => {
    const bls = createTrtllm(trtllmBls({}), {});
    const image = { url: "https://a.example/x.png" };

    expect(inputs({ images: [image] }, bls)["image_url_input"]).toEqual(["BYTES", [1, 1], image.url]);
    expect(() => inputs({ images: [image, image] }, bls)).toThrow("takes one image");
    expect([bls.abilities.images, dialect.abilities.images]).toEqual(["url", "none"]);
  });

  test("needs a limit of tokens", () => {
    expect(dialect.abilities.needsMaxTokens).toBe(true);
  });
});

const part = (text: string, count: number, choice = 0) =>
  message([
    batched(bytes("text_output", text)),
    batched(numbers("sequence_index", "INT32", choice)),
    batched(numbers("num_input_tokens", "INT32", 9)),
    batched(numbers("num_output_tokens", "INT32", count)),
  ]);

describe("an answer", () => {
  test("of as many tokens as are allowed was cut, by counts that are totals", () => {
    const { events } = readAll(dialect, [part("a", 1), part("b", 2), part("c", 3)], request());

    expect(events.slice(-2)).toEqual([
      { type: "finish", choice: 0, reason: "length" },
      { type: "usage", usage: { promptTokens: 9, completionTokens: 3 } },
    ]);
  });

  test("of fewer tokens stopped, by counts that are of each message", () => {
    const { events } = readAll(dialect, [part("a", 1), part("b", 1)], request());

    expect(events.slice(-2)).toEqual([
      { type: "finish", choice: 0, reason: "stop" },
      { type: "usage", usage: { promptTokens: 9, completionTokens: 2 } },
    ]);
  });

  test("ends with a message that says that it is the last", () => {
    const { events, finishedEarly } = readAll(dialect, [part("a", 1), message([], "typed", true)], request());

    expect(events.map(({ type }) => type)).toEqual(["text-delta", "finish", "usage"]);
    expect(finishedEarly).toBe(true);
  });

  test("of several choices comes in messages that say whose they are", () => {
    const { events } = readAll(
      dialect,
      [part("a", 1, 0), part("x", 1, 1), part("b", 2, 0), part("y", 2, 1), part("z", 3, 1)],
      request({ choices: 2 }),
    );

    expect([textOf(events, 0), textOf(events, 1)]).toEqual(["ab", "xyz"]);
    expect(events.slice(-3)).toEqual([
      { type: "finish", choice: 0, reason: "stop" },
      { type: "finish", choice: 1, reason: "length" },
      { type: "usage", usage: { promptTokens: 9, completionTokens: 5 } },
    ]);
    expect(inputs({ choices: 2 })["num_return_sequences"]).toEqual(["INT32", [1, 1], 2]);
    expect([dialect.abilities.choices, unary.abilities.choices]).toEqual([128, 1]);
  });

  test("that counts and has no text is malformed, not a token less", () => {
    const counted = message([batched(numbers("num_output_tokens", "INT32", 2))]);

    expect(() => readAll(dialect, [part("a", 1), counted], request())).toThrow(
      new MalformedTensor("text_output", "is missing"),
    );
  });

  test("that is over before any output is no empty answer", () => {
    for (const model of [dialect, unary]) {
      expect(() => readAll(model, [message([], "typed", true)], request())).toThrow("without any output");
    }
  });

  test("of a choice that was not asked for is malformed", () => {
    expect(() => readAll(dialect, [part("a", 1, 2)], request({ choices: 2 }))).toThrow("sequence_index");
  });

  for (const [setting, texts, text] of [
    ["true", ["a", "ab", "abc"], "abc"],
    ["True", ["a", "aa", "aaa"], "aaa"],
    ["false", ["a", "ab", "abc"], "aababc"],
    ["", ["a", "a", "a"], "aaa"],
  ] as const) {
    test(`whose tokens accumulate: "${setting}" is read so`, () => {
      const bls = createTrtllm(trtllmBls({ accumulate_tokens: setting }), {});
      const said = texts.map((sofar) => message([batched(bytes("text_output", sofar))]));

      expect(textOf(readAll(bls, said, request()).events)).toBe(text);
    });
  }

  test("that repeats the prompt, because it cannot be left out, loses it", () => {
    const said = [message([batched(bytes("text_output", "Say it, Sam. No."))])];

    expect(textOf(readAll(createTrtllm(trtllmOld, {}), said, request()).events)).toBe(" No.");
    expect(textOf(readAll(dialect, said, request()).events)).toBe("Say it, Sam. No.");
  });
});
