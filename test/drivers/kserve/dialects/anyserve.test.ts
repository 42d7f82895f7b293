import { describe, expect, test } from "bun:test";
import type { FinishReason, GenerationEvent, Sampling } from "../../../../src/core/generation.ts";
import { decodeInferResponse } from "../../../../src/drivers/kserve/codec/decode.ts";
import { createAnyserve } from "../../../../src/drivers/kserve/dialects/anyserve.ts";
import type { Rpc, TextRequest } from "../../../../src/drivers/kserve/dialects/dialect.ts";
import { bytesOutput, inferMessage } from "../../../support/kserve-messages.ts";
import type { Fields } from "../../../support/kserve-messages.ts";
import { textRequest } from "./support.ts";

const anyserve = createAnyserve({ name: "tiny" }, {});
const anyserveNamed = createAnyserve({ name: "tiny" }, { layout: "model" });

const request = (sampling: Sampling = {}, extra: TextRequest["extra"] = {}): TextRequest =>
  textRequest({ prompt: "Hé", sampling, extra });
const prompt = {
  name: "prompt",
  datatype: "BYTES",
  shape: [1],
  contents: { bytes: [new TextEncoder().encode("Hé")] },
};
const everything: Sampling = {
  maxTokens: 7,
  temperature: 0.5,
  topP: 0.25,
  topK: 40,
  seed: 1,
  stop: ["\n", "END"],
};

describe("the capability layout", () => {
  test("sends the prompt and nothing that the client did not give", () => {
    expect(anyserve.call(request(), "stream")).toEqual({
      modelName: "generate_stream",
      modelVersion: "llamacpp",
      id: "req_1",
      inputs: [prompt],
    });
  });

  test("names the unary capability for the unary rpc", () => {
    expect(anyserve.call(request(), "infer").modelName).toBe("generate");
  });

  test("sends each parameter in its datatype", () => {
    expect(anyserve.call(request(everything, { repeat_penalty: 1.5 }), "infer").inputs).toEqual([
      prompt,
      { name: "max_tokens", datatype: "INT32", shape: [1], contents: { ints: [7] } },
      { name: "temperature", datatype: "FP32", shape: [1], contents: { fp32s: [0.5] } },
      { name: "top_p", datatype: "FP32", shape: [1], contents: { fp32s: [0.25] } },
      { name: "top_k", datatype: "INT32", shape: [1], contents: { ints: [40] } },
    ]);
  });

  test("keeps a zero, which is a value", () => {
    const { inputs } = anyserve.call(request({ temperature: 0 }), "infer");

    expect(inputs[1]).toEqual({
      name: "temperature",
      datatype: "FP32",
      shape: [1],
      contents: { fp32s: [0] },
    });
  });

  test("sends a limit beyond INT32 as the largest INT32", () => {
    const { inputs } = anyserve.call(request({ maxTokens: 2 ** 40 }), "infer");

    expect(inputs[1]?.contents).toEqual({ ints: [2_147_483_647] });
  });

  test("says what it takes", () => {
    expect([...anyserve.abilities.sampling]).toEqual(["maxTokens", "temperature", "topP", "topK"]);
    expect([...anyserve.abilities.extra]).toEqual([]);
  });
});

describe("the model layout", () => {
  test("sends the model's own name, INT64 and its further parameters", () => {
    const stop = [...(everything.stop ?? [])].map((text) => new TextEncoder().encode(text));

    expect(anyserveNamed.call(request(everything, { repeat_penalty: 1.5 }), "stream")).toEqual({
      modelName: "tiny",
      modelVersion: "",
      id: "req_1",
      inputs: [
        prompt,
        { name: "max_tokens", datatype: "INT64", shape: [1], contents: { int64s: [7] } },
        { name: "temperature", datatype: "FP32", shape: [1], contents: { fp32s: [0.5] } },
        { name: "top_p", datatype: "FP32", shape: [1], contents: { fp32s: [0.25] } },
        { name: "top_k", datatype: "INT64", shape: [1], contents: { int64s: [40] } },
        { name: "repeat_penalty", datatype: "FP32", shape: [1], contents: { fp32s: [1.5] } },
        { name: "stop", datatype: "BYTES", shape: [2], contents: { bytes: stop } },
      ],
    });
  });

  test("says what it takes", () => {
    expect([...anyserveNamed.abilities.sampling]).toEqual([
      "maxTokens",
      "temperature",
      "topP",
      "topK",
      "stop",
    ]);
    expect([...anyserveNamed.abilities.extra]).toEqual(["repeat_penalty"]);
  });
});

/** Reads messages given as their outputs, then the clean end. */
function readAll(rpc: Rpc, messages: readonly (readonly Fields[])[], more: Fields = {}) {
  const warnings: string[] = [];
  const reader = anyserve.reader(request(), rpc, (text) => warnings.push(text));
  const events: GenerationEvent[] = [];
  for (const outputs of messages) reader.read(decodeInferResponse(inferMessage(outputs, more)), events);
  reader.end(events);
  return { events, warnings };
}

const token = (text: string, word: string) => [
  bytesOutput("token", text),
  bytesOutput("finish_reason", word),
];
const delta = (text: string) => ({ type: "text-delta", choice: 0, text, tokens: 1 }) as const;
const finish = (reason: FinishReason): GenerationEvent => ({ type: "finish", choice: 0, reason });

describe("a streamed answer", () => {
  for (const word of ["null", "None", "", "NULL"]) {
    test(`goes on while the finish word is "${word}"`, () => {
      const { events, warnings } = readAll("stream", [token("a", word), token("b", word), token("", "stop")]);

      expect(events).toEqual([delta("a"), delta("b"), finish("stop")]);
      expect(warnings).toEqual([]);
    });
  }

  const words: readonly [string, FinishReason][] = [
    ["stop", "stop"],
    ["eos", "stop"],
    ["length", "length"],
    ["content_filter", "content-filter"],
  ];
  for (const [word, reason] of words) {
    test(`that finishes with "${word}" is ${reason}`, () => {
      expect(readAll("stream", [token("a", word)]).events).toEqual([delta("a"), finish(reason)]);
    });
  }

  test("that ends with an unknown word is a stop, and the operator is told", () => {
    const { events, warnings } = readAll("stream", [token("a", "because"), token("b", "because")]);

    expect(events).toEqual([delta("a"), delta("b"), finish("stop")]);
    expect(warnings).toHaveLength(1);
  });

  for (const word of ["abort", "error", "cancelled"]) {
    test(`that finishes with "${word}" is an error`, () => {
      expect(() => readAll("stream", [token("a", word)])).toThrow("The model server gave up on the answer.");
    });
  }

  test("may name its text text_output", () => {
    const messages = [[bytesOutput("text_output", "a"), bytesOutput("finish_reason", "")]];

    expect(readAll("stream", messages).events).toEqual([delta("a"), finish("stop")]);
  });

  test("does not count a token without text, and ignores what follows its finish", () => {
    const { events } = readAll("stream", [token("", "null"), token("a", "stop"), token("b", "null")]);

    expect(events).toEqual([delta("a"), finish("stop")]);
  });

  test("without outputs is an error also after tokens", () => {
    expect(() => readAll("stream", [token("a", "null"), []])).toThrow("without any output");
  });

  test("without outputs is the end when it says that it is final", () => {
    const parameters = { triton_final_response: { boolParam: true } };

    expect(readAll("stream", [token("a", "null"), []], { parameters }).events).toEqual([
      delta("a"),
      finish("stop"),
    ]);
  });

  test("without its text tensor is an error that names it", () => {
    expect(() => readAll("stream", [[bytesOutput("model", "m")]])).toThrow(
      'Output tensor "token" is missing.',
    );
  });

  test("that never had a message is an error", () => {
    expect(() => readAll("stream", [])).toThrow("without any output");
  });
});

describe("an unary answer", () => {
  test("is its whole text, uncounted, and a finish", () => {
    expect(readAll("infer", [[bytesOutput("text", "Hello"), bytesOutput("model", "m")]]).events).toEqual([
      { type: "text-delta", choice: 0, text: "Hello" },
      finish("stop"),
    ]);
  });

  test("may be empty", () => {
    expect(readAll("infer", [[bytesOutput("text", "")]]).events).toEqual([finish("stop")]);
  });

  test("tells its finish reason when it has one", () => {
    const messages = [[bytesOutput("text_output", "Hi"), bytesOutput("finish_reason", "length")]];

    expect(readAll("infer", messages).events.at(-1)).toMatchObject(finish("length"));
  });
});

test("the model's facts are its name and its context", () => {
  const context = { name: "n_ctx", datatype: "INT32", shape: [1], contents: { intContents: [2_048] } };
  const answer = decodeInferResponse(inferMessage([bytesOutput("model_name", "tiny"), context]));

  expect(anyserve.facts?.call).toEqual({ modelName: "model_info", modelVersion: "llamacpp", inputs: [] });
  expect(anyserve.facts?.read(answer)).toEqual({ name: "tiny", contextTokens: 2_048 });
});
