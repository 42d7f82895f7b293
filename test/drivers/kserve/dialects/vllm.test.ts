import { describe, expect, test } from "bun:test";
import { ServeError } from "../../../../src/core/error.ts";
import { MalformedTensor } from "../../../../src/drivers/kserve/codec/tensor.ts";
import type { TextRequest } from "../../../../src/drivers/kserve/dialects/dialect.ts";
import { createVllm } from "../../../../src/drivers/kserve/dialects/vllm.ts";
import { vllm, vllmFirst, vllmWithoutEmbeddings } from "./models.ts";
import { bytes, inputsOf, message, numbers, readAll, textOf, textRequest } from "./support.ts";

const dialect = createVllm(vllm, {});
const first = createVllm(vllmFirst, {});

function samplingOf(request: Partial<TextRequest>, by = dialect): unknown {
  const [, , json] = inputsOf(by.call(textRequest(request), "stream").inputs)["sampling_parameters"] ?? [];
  return JSON.parse(String(json));
}

describe("a call", () => {
  test("sends the prompt, asks for the answer alone and for all that the backend can tell", () => {
    const call = dialect.call(textRequest({ sampling: { maxTokens: 7 } }), "stream");

    expect(call).toMatchObject({ modelName: "tiny", modelVersion: "", id: "req_1" });
    expect(call.parameters).toEqual(new Map([["triton_enable_empty_final_response", true]]));
    expect(inputsOf(call.inputs)).toEqual({
      text_input: ["BYTES", [1], "Say it, Sam."],
      stream: ["BOOL", [1], true],
      sampling_parameters: ["BYTES", [1], '{"max_tokens":7}'],
      exclude_input_in_output: ["BOOL", [1], true],
      return_finish_reason: ["BOOL", [1], true],
      return_num_input_tokens: ["BOOL", [1], true],
      return_num_output_tokens: ["BOOL", [1], true],
    });
  });

  test("sends only what the model has", () => {
    expect(Object.keys(inputsOf(first.call(textRequest(), "stream").inputs))).toEqual([
      "text_input",
      "stream",
      "sampling_parameters",
      "exclude_input_in_output",
    ]);
  });

  test("does not stream for a client that does not, where the backend says why it ended", () => {
    expect(inputsOf(dialect.call(textRequest({ stream: false }), "stream").inputs)["stream"]?.[2]).toBe(
      false,
    );
    expect(inputsOf(first.call(textRequest({ stream: false }), "stream").inputs)["stream"]?.[2]).toBe(true);
  });

  test("names sampling as vLLM does, and leaves out what was not given", () => {
    const sampling = {
      maxTokens: 5,
      temperature: 0,
      topP: 0.5,
      topK: -1,
      seed: 3,
      frequencyPenalty: 1,
      presencePenalty: -1,
      stop: ["\n"],
      logitBias: { "50256": -100 },
    };
    const extra = {
      min_p: 0.1,
      ignore_eos: true,
      stop_token_ids: [1, 2],
      bad_words: ["x"],
      unknown: 1,
      min_tokens: null,
    };

    expect(samplingOf({ sampling, extra, lora: "sql", logprobs: { top: 2 } })).toEqual({
      max_tokens: 5,
      temperature: 0,
      top_p: 0.5,
      top_k: -1,
      seed: 3,
      frequency_penalty: 1,
      presence_penalty: -1,
      stop: ["\n"],
      min_p: 0.1,
      ignore_eos: true,
      stop_token_ids: [1, 2],
      bad_words: ["x"],
      logprobs: 2,
      lora_name: "sql",
    });
  });

  for (const [extra, param] of [
    [{ min_p: "0.1" }, "min_p"],
    [{ stop_token_ids: [1.5] }, "stop_token_ids"],
    [{ bad_words: "x" }, "bad_words"],
    [{ ignore_eos: 1 }, "ignore_eos"],
  ] as const) {
    test(`of a request whose ${param} is of the wrong type is refused`, () => {
      expect(() => samplingOf({ extra })).toThrow(
        expect.objectContaining({ kind: "invalid_request", param }),
      );
      expect(() => samplingOf({ extra })).toThrow(ServeError);
    });
  }

  const schema = { type: "object" };
  const constraints = [
    [{ kind: "schema", schema }, { json: schema }],
    [{ kind: "json" }, { json_object: true }],
    [{ kind: "choice", words: ["a", "b"] }, { choice: ["a", "b"] }],
  ] as const;
  for (const [constraint, structured] of constraints) {
    test(`holds the answer to a constraint of the kind ${constraint.kind}, as JSON text in the JSON`, () => {
      expect(samplingOf({ constraint })).toEqual({ structured_outputs: JSON.stringify(structured) });
    });
  }

  test("names the constraint as the backend of its time does, or as the operator says", () => {
    const guided = createVllm(vllm, { structuredOutputs: "guided_decoding" });

    expect(
      samplingOf({ constraint: { kind: "json" } }, createVllm(vllmWithoutEmbeddings, {})),
    ).toHaveProperty("guided_decoding");
    expect(samplingOf({ constraint: { kind: "json" } }, guided)).toEqual({
      guided_decoding: '{"json_object":true}',
    });
  });

  test("sends images as text in base64, and asks for logprobs", () => {
    const images = [
      { url: "https://a.example/x.png", base64: "AAA" },
      { url: "data:image/png;base64,BBB", base64: "BBB" },
    ];
    const inputs = inputsOf(dialect.call(textRequest({ images, logprobs: { top: 0 } }), "stream").inputs);

    expect(inputs["image"]).toEqual(["BYTES", [2], "AAA", "BBB"]);
    expect(inputs["return_logprobs"]).toEqual(["BOOL", [1], true]);
  });
});

describe("abilities", () => {
  test("are those that the model's inputs show", () => {
    expect(dialect.abilities).toMatchObject({
      choices: 1,
      logprobs: true,
      reportsLength: true,
      images: "bytes",
      lora: true,
      needsMaxTokens: true,
      rpcs: ["stream"],
    });
    expect([...dialect.abilities.constraints]).toEqual(["json", "schema", "choice"]);
    expect(first.abilities).toMatchObject({ choices: 128, logprobs: false, reportsLength: false });
    expect(first.embeddings).toBeUndefined();
  });

  test("leave out a bias of tokens, whose ids would arrive as text", () => {
    expect(dialect.abilities.sampling.has("logitBias")).toBe(false);
    expect(dialect.abilities.sampling.size).toBe(8);
  });

  test("have no constraints where the operator says that the server has none", () => {
    expect(createVllm(vllm, { structuredOutputs: "none" }).abilities.constraints.size).toBe(0);
  });
});

const part = (text: string, word: string, count: number) =>
  message(
    [
      bytes("text_output", text),
      bytes("finish_reason", word),
      { ...numbers("num_input_tokens", "UINT32", 11), shape: [] },
      numbers("num_output_tokens", "UINT32", count),
    ],
    "raw",
  );

describe("an answer", () => {
  test("sums the tokens of its messages, counts the prompt once, and is over with its last message", () => {
    const { events, finishedEarly } = readAll(dialect, [
      part("He", "None", 1),
      part("", "None", 1),
      part("llo", "length", 2),
    ]);

    expect(events).toEqual([
      { type: "text-delta", choice: 0, text: "He", tokens: 1 },
      { type: "text-delta", choice: 0, text: "", tokens: 1 },
      { type: "text-delta", choice: 0, text: "llo", tokens: 2 },
      { type: "finish", choice: 0, reason: "length" },
      { type: "usage", usage: { promptTokens: 11, completionTokens: 4 } },
    ]);
    expect(finishedEarly).toBe(true);
  });

  test("of text that was counted before it came counts it once", () => {
    const { events } = readAll(dialect, [part("", "None", 2), part("Hi", "stop", 0)]);

    expect(events.slice(0, 2)).toEqual([
      { type: "text-delta", choice: 0, text: "", tokens: 2 },
      { type: "text-delta", choice: 0, text: "Hi", tokens: 0 },
    ]);
  });

  test("that was aborted is an error", () => {
    expect(() => readAll(dialect, [part("He", "abort", 1)])).toThrow("gave up");
  });

  const counted = message([bytes("finish_reason", "None"), numbers("num_output_tokens", "UINT32", 1)], "raw");
  const ended = message([bytes("finish_reason", "stop"), numbers("num_output_tokens", "UINT32", 1)], "raw");
  for (const [what, messages] of [
    ["in a message with counts", [part("He", "None", 1), counted, part("", "stop", 1)]],
    ["in the last message", [part("He", "None", 1), ended]],
    ["at all", [ended]],
  ] as const) {
    test(`without its text ${what} is malformed`, () => {
      expect(() => readAll(dialect, messages)).toThrow(new MalformedTensor("text_output", "is missing"));
    });
  }

  test("of several choices without their text is malformed", () => {
    const told = message([bytes("finish_reason", "stop", "stop")], "raw");

    expect(() => readAll(first, [told], textRequest({ choices: 2 }))).toThrow(
      new MalformedTensor("text_output", "is missing"),
    );
  });

  test("that is over before any output is no empty answer", () => {
    expect(() => readAll(dialect, [message([], "raw", true)])).toThrow("without any output");
  });

  test("that ends without saying why is an error, unless it says that it is the last or cannot say why", () => {
    const began = part("He", "None", 1);
    const finish = { type: "finish", choice: 0, reason: "stop" } as const;

    expect(() => readAll(dialect, [began])).toThrow("ended without saying why");
    expect(readAll(dialect, [began, message([], "raw", true)]).events).toContainEqual(finish);
    expect(readAll(dialect, [part("He", "something-new", 1)]).events).toContainEqual(finish);
    expect(readAll(first, [message([bytes("text_output", "He")], "raw")]).events).toContainEqual(finish);
  });

  test("of several choices at once is told apart by their place, and n is asked for without streaming", () => {
    const request = textRequest({ choices: 2 });
    const said = message([bytes("text_output", "one", "two")], "raw");
    const { events } = readAll(first, [said], request);

    expect(samplingOf({ choices: 2 }, first)).toEqual({ n: 2 });
    expect(inputsOf(first.call(request, "stream").inputs)["stream"]?.[2]).toBe(false);
    expect([textOf(events, 0), textOf(events, 1)]).toEqual(["one", "two"]);
    expect(events.filter(({ type }) => type === "finish")).toHaveLength(2);
  });

  test("of fewer choices than were asked for is an error, not a guess", () => {
    const said = message([bytes("text_output", "two")]);

    expect(() => readAll(first, [said], textRequest({ choices: 2 }))).toThrow("another number of answers");
  });
});

describe("embeddings", () => {
  const embeddings = dialect.embeddings;

  test("are asked for by text or tokens, and a length", () => {
    const call = embeddings?.call({ model: "tiny", requestId: "req_1", input: [1, 2], dimensions: 3 });

    expect(inputsOf(call?.inputs ?? [])).toEqual({
      text_input: ["BYTES", [1], ""],
      embedding_request: ["BYTES", [1], '{"input":[1,2],"pooling_params":{"dimensions":[3]}}'],
    });
    expect(embeddings).toMatchObject({ dimensions: true, rpc: "stream" });
  });

  test("come as JSON text", () => {
    expect(embeddings?.read(message([bytes("text_output", "[0.5, -1e-3]")]))).toEqual(
      Float32Array.of(0.5, -0.001),
    );
  });

  for (const json of ["[0.5", "{}", '["a"]', "N/A"]) {
    test(`that come as ${json} are malformed`, () => {
      expect(() => embeddings?.read(message([bytes("text_output", json)]))).toThrow(MalformedTensor);
    });
  }
});
