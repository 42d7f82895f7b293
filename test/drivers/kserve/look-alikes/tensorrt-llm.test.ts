import { expect, test } from "bun:test";
import type { Fields } from "../../../support/kserve-messages.ts";
import { describePython } from "../../../support/prerequisites.ts";
import { serveLookAlike } from "../../../support/kserve/serve.ts";
import { bool, bytes, int32, readResponse } from "../../../support/kserve/tensors.ts";

const optIn = { triton_enable_empty_final_response: { boolParam: true } };

describePython("the look-alikes of TensorRT-LLM behind Triton", () => {
  const { client, stream } = serveLookAlike({
    models: [
      { dialect: "trtllm" },
      { dialect: "trtllm-bls" },
      { dialect: "trtllm-bls", model: "accumulating", accumulate: true },
      { dialect: "trtllm-unary", model: "unary" },
      { dialect: "trtllm", model: "unbatched", maxBatchSize: 0, seed: "random_seed" },
      { dialect: "llmapi" },
      { dialect: "llmapi", model: "batched_llmapi", maxBatchSize: 8 },
    ],
  });

  test("the ensemble has a batch dimension in its metadata and not in its configuration", async () => {
    const metadata = await client().call("ModelMetadata", { name: "ensemble" });
    const config = await client().call("ModelConfig", { name: "ensemble" });

    expect(metadata).toMatchObject({
      platform: "ensemble",
      inputs: expect.arrayContaining([
        { name: "max_tokens", datatype: "INT32", shape: [-1, 1] },
        { name: "stop_words", datatype: "BYTES", shape: [-1, -1] },
      ]),
    });
    expect(config).toMatchObject({
      config: {
        maxBatchSize: 64,
        input: expect.arrayContaining([{ name: "max_tokens", dataType: 8, dims: [1] }]),
      },
    });
  });

  test("streams deltas in batches of one, and flags the last", async () => {
    const messages = await stream(request("ensemble", "hi", 2));

    expect(messages.map(({ outputs }) => outputs["text_output"])).toEqual([["The"], [" quick"]]);
    expect(messages.map(({ final }) => final)).toEqual([false, true]);
    expect(messages[0]?.shapes).toMatchObject({ text_output: [1, 1], output_log_probs: [1, 1, 1] });
    expect(messages[0]?.outputs).not.toHaveProperty("finish_reason");
  });

  test("counts all tokens so far when asked", async () => {
    const counts = [
      bool("return_num_input_tokens", true, [1, 1]),
      bool("return_num_output_tokens", true, [1, 1]),
    ];
    const messages = await stream(request("ensemble", "two words", 3, counts));

    expect(messages.map(({ outputs }) => outputs["num_output_tokens"])).toEqual([[1], [2], [3]]);
    expect(messages[2]?.outputs["num_input_tokens"]).toEqual([2]);
  });

  test("the BLS entry ends with a flag of its own and names its cumulative mode", async () => {
    const asked = { ...request("tensorrt_llm_bls", "hi", 1), parameters: optIn };
    const config = await client().call("ModelConfig", { name: "accumulating" });

    expect((await stream(asked)).map(({ final }) => final)).toEqual([false, true]);
    expect(
      (await stream(request("accumulating", "hi", 2))).map(({ outputs }) => outputs["text_output"]),
    ).toEqual([["The"], ["The quick"]]);
    expect(config).toMatchObject({
      config: { backend: "python", parameters: { accumulate_tokens: { stringValue: "true" } } },
    });
  });

  test("demands max_tokens, with the batch dimension", async () => {
    const texts = [bytes("text_input", "hi", [1, 1])];
    const without = await stream({ modelName: "ensemble", inputs: texts });
    const flat = await stream({ modelName: "ensemble", inputs: [...texts, int32("max_tokens", 4)] });

    expect(without).toMatchObject([
      { error: expect.stringContaining("missing required input(s) ['max_tokens']") },
    ]);
    expect(flat).toMatchObject([{ error: expect.stringContaining("Expected [-1,1], got [1]. NOTE:") }]);
  });

  test("has no batch dimension when its batches are off", async () => {
    const inputs = [bytes("text_input", "hi"), int32("max_tokens", 1), bool("exclude_input_in_output", true)];
    const seed = { name: "random_seed", datatype: "UINT64", shape: [1], contents: { uint64Contents: [7] } };

    const messages = await stream({ modelName: "unbatched", inputs: [...inputs, seed] });

    expect(messages).toMatchObject([{ outputs: { text_output: ["The"] }, shapes: { text_output: [1] } }]);
  });

  test("stops at stop words and repeats the prompt outside of streams", async () => {
    const inputs = [
      bytes("text_input", "hi ", [1, 1]),
      int32("max_tokens", 9, [1, 1]),
      bytes("stop_words", ["zebra", " fox"], [1, 2]),
    ];

    expect(await stream({ modelName: "ensemble", inputs })).toMatchObject([
      { outputs: { text_output: ["hi The quick brown"] } },
    ]);
  });

  test("keeps to a guide", async () => {
    const schema = JSON.stringify({ type: "object", properties: { a: { type: "integer" } } });
    const texts = async (more: Fields[]) =>
      (await stream(request("ensemble", "hi", 20, more)))
        .map(({ outputs }) => outputs["text_output"])
        .join("");

    expect(JSON.parse(await texts(guide("json_schema", schema)))).toEqual({ a: 1 });
    expect(JSON.parse(await texts(guide("json", "{}")))).toEqual({ answer: "text" });
    expect(await stream(request("ensemble", "hi", 20, guide("lark", "a")))).toMatchObject([
      { error: expect.stringContaining("unsupported guided decoding guide type") },
    ]);
  });

  test("sends each returned sequence in a response of its own", async () => {
    const more = [int32("num_return_sequences", 2, [1, 1])];
    const messages = await stream(request("ensemble", '@reply {"choices": ["a", "b"]}', 4, more));

    expect(messages.map(({ outputs }) => [outputs["sequence_index"], outputs["text_output"]])).toEqual([
      [[0], ["a"]],
      [[1], ["b"]],
    ]);
  });

  test("answers the unary rpc alone when it is not decoupled", async () => {
    const inputs = [
      bytes("text_input", "hi", [1, 1]),
      int32("max_tokens", 2, [1, 1]),
      bool("exclude_input_in_output", true, [1, 1]),
    ];
    const answer = await client().call("ModelInfer", { modelName: "unary", inputs });
    const streamed = await stream({ modelName: "unary", inputs });

    expect(readResponse({ ...answer }, "bare").outputs["text_output"]).toEqual(["The quick"]);
    expect(streamed).toMatchObject([{ outputs: { text_output: ["The quick"] }, final: true }]);
    expect(await stream(request("unary", "hi", 2))).toMatchObject([
      { error: "Streaming is only supported in decoupled mode." },
    ]);
  });

  test("the LLM API says how it ended, by its prefixed tensors", async () => {
    const messages = await stream({
      modelName: "tensorrt_llm",
      inputs: [
        bytes("text_input", "hi"),
        bool("streaming", true),
        int32("sampling_param_max_tokens", 2),
        bytes("sampling_param_stop", ["x", "y"]),
        bool("return_finish_reason", true),
        bool("return_stop_reason", true),
      ],
      parameters: optIn,
    });

    expect(messages.map(({ outputs }) => outputs)).toEqual([
      { text_output: ["The"], finish_reason: ["None"], stop_reason: ["None"] },
      { text_output: [" quick"], finish_reason: ["length"], stop_reason: ["None"] },
      {},
    ]);
  });

  test("the LLM API has the rank that its configuration says", async () => {
    const inputs = [bytes("text_input", "hi", [1, 1]), bytes("sampling_param_stop", [" quick"], [1, 1])];

    expect(await stream({ modelName: "batched_llmapi", inputs })).toMatchObject([
      { outputs: { text_output: ["hiThe"] }, shapes: { text_output: [1, 1] } },
    ]);
  });
});

function guide(kind: string, text: string): Fields[] {
  return [bytes("guided_decoding_guide_type", kind, [1, 1]), bytes("guided_decoding_guide", text, [1, 1])];
}

function request(model: string, prompt: string, maxTokens: number, more: readonly Fields[] = []): Fields {
  return {
    modelName: model,
    inputs: [
      bytes("text_input", prompt, [1, 1]),
      int32("max_tokens", maxTokens, [1, 1]),
      bool("stream", true, [1, 1]),
      ...more,
    ],
  };
}
