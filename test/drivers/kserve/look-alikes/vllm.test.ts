import { expect, test } from "bun:test";
import type { Fields } from "../../../support/kserve-messages.ts";
import { describePython } from "../../../support/prerequisites.ts";
import { serveLookAlike } from "../../../support/kserve/serve.ts";
import { bool, bytes } from "../../../support/kserve/tensors.ts";

const unreadable = "Error generating stream: 'NoneType' object has no attribute 'lora_name'";
const optIn = { triton_enable_empty_final_response: { boolParam: true } };

describePython("the look-alike of Triton's vLLM backend", () => {
  const { client, server, stream } = serveLookAlike({
    models: [
      { dialect: "vllm", loras: ["sql"] },
      { dialect: "vllm-old", model: "old" },
    ],
  });

  test("describes itself as Triton does", async () => {
    const metadata = await client().call("ModelMetadata", { name: "vllm_model" });
    const config = await client().call("ModelConfig", { name: "vllm_model" });

    expect(metadata).toMatchObject({ platform: "vllm", versions: ["1"] });
    expect(metadata).toMatchObject({
      inputs: expect.arrayContaining([
        { name: "text_input", datatype: "BYTES", shape: [1] },
        { name: "image", datatype: "BYTES", shape: [-1] },
        { name: "embedding_request", datatype: "BYTES", shape: [1] },
      ]),
    });
    expect(config).toMatchObject({
      config: { backend: "vllm", modelTransactionPolicy: { decoupled: true } },
    });
    expect(config).not.toHaveProperty("config.maxBatchSize");
  });

  test("streams deltas with None until the end, and counts of the delta", async () => {
    const messages = await stream(
      request("hi there", { max_tokens: 2 }, [
        bool("return_finish_reason", true),
        bool("return_num_input_tokens", true),
        bool("return_num_output_tokens", true),
      ]),
    );

    expect(messages.map(({ outputs }) => outputs)).toEqual([
      { text_output: ["The"], finish_reason: ["None"], num_input_tokens: [2], num_output_tokens: [1] },
      { text_output: [" quick"], finish_reason: ["length"], num_input_tokens: [2], num_output_tokens: [1] },
    ]);
    expect(messages.map(({ final }) => final)).toEqual([false, true]);
    expect(messages[0]).toMatchObject({ id: "7", version: "1", shapes: { num_input_tokens: [] } });
  });

  test("ends with a flag of its own in old releases, for those who ask", async () => {
    const asked = { ...request("hi", { max_tokens: 1 }, [], "old"), parameters: optIn };

    const without = await stream({ ...asked, parameters: {} });
    const messages = await stream(asked);

    expect(without.map(({ final }) => final)).toEqual([false]);
    expect(messages.map(({ final, outputs }) => ({ final, outputs }))).toEqual([
      { final: false, outputs: { text_output: ["The"] } },
      { final: true, outputs: {} },
    ]);
  });

  test("answers sixteen tokens at once, with the prompt unless it is excluded", async () => {
    const prompt = `@reply {"text": "${"word ".repeat(20).trim()}"}`;
    const plain = { modelName: "vllm_model", inputs: [bytes("text_input", prompt)] };
    const excluded = { ...plain, inputs: [...plain.inputs, bool("exclude_input_in_output", true)] };
    const sixteen = "word ".repeat(16).trim();

    expect(await stream(plain)).toMatchObject([{ outputs: { text_output: [`${prompt}${sixteen}`] } }]);
    expect(await stream(excluded)).toMatchObject([{ outputs: { text_output: [sixteen] } }]);
  });

  test("refuses to repeat the prompt in a stream", async () => {
    const messages = await stream(request("hi", {}, [], "vllm_model", false));

    expect(messages).toMatchObject([
      {
        error: "Error generating stream: When streaming, `exclude_input_in_output` = False is not allowed.",
        final: true,
      },
    ]);
  });

  test("speaks in all choices at once, each with its own end", async () => {
    const prompt = '@reply {"choices": ["a", "b c"]}';
    const messages = await stream(request(prompt, { n: 2 }, [bool("return_finish_reason", true)]));

    expect(messages.map(({ outputs }) => outputs)).toEqual([
      { text_output: ["a", "b"], finish_reason: ["stop", "None"] },
      { text_output: ["", " c"], finish_reason: ["None", "stop"] },
    ]);
  });

  test("stops at a stop string, which it does not say", async () => {
    const messages = await stream(request("hi", { stop: ["own"] }));

    expect(messages.map(({ outputs }) => outputs["text_output"])).toEqual([["The"], [" quick"], [" br"]]);
  });

  test("gives log probabilities of the delta, or null when none were asked for", async () => {
    const wanted = [bool("return_logprobs", true), bool("return_cumulative_logprob", true)];
    const [first, second] = await stream(request("hi", { max_tokens: 2, logprobs: 2 }, wanted));
    const [without] = await stream(request("hi", { max_tokens: 1 }, wanted));

    expect(JSON.parse(String(first?.outputs["logprobs"]?.[0]))).toEqual([
      {
        14496: { logprob: -0.125, rank: 1, decoded_token: "The" },
        [otherId]: { logprob: -0.625, rank: 2, decoded_token: " other2" },
      },
    ]);
    expect(second?.outputs["cumulative_logprob"]).toEqual([-0.375]);
    expect(without?.outputs).toMatchObject({ logprobs: ["null"], cumulative_logprob: [Number.NaN] });
  });

  const schema = { type: "object", properties: { city: { type: "string" }, size: { enum: [3, 4] } } };
  const constrained: readonly [string, string, unknown][] = [
    ["vllm_model", "structured_outputs", { json: schema }],
    ["vllm_model", "structured_outputs", { json: JSON.stringify(schema) }],
    ["old", "guided_decoding", { json: schema }],
  ];
  for (const [model, key, constraint] of constrained) {
    test(`keeps to a schema in ${key} as ${JSON.stringify(constraint).slice(0, 12)}`, async () => {
      const messages = await stream(request("hi", { [key]: JSON.stringify(constraint) }, [], model));

      const text = messages.map(({ outputs }) => outputs["text_output"]).join("");
      expect(JSON.parse(text)).toEqual({ city: "text", size: 3 });
    });
  }

  const unreadables: readonly [string, Fields, string?][] = [
    ["an unknown name", { best: 1 }],
    ["a constraint that is no string", { structured_outputs: { json: {} } }],
    ["two constraints", { structured_outputs: '{"json": {}, "regex": "a"}' }],
    ["the old name of the constraint", { guided_decoding: '{"json": {}}' }],
    ["the new name of the constraint", { structured_outputs: '{"json": {}}' }, "old"],
    ["no choices", { n: 0 }],
    ["a value out of range", { top_p: 2 }],
  ];
  for (const [what, sampling, model] of unreadables) {
    test(`cannot read sampling parameters with ${what}`, async () => {
      expect(await stream(request("hi", sampling, [], model))).toMatchObject([{ error: unreadable }]);
    });
  }

  test("knows its adapters", async () => {
    const known = await stream(request("hi", { lora_name: "sql", max_tokens: 1 }));
    const unknown = await stream(request("hi", { lora_name: "poet" }));
    const none = await stream(request("hi", { lora_name: "sql" }, [], "old"));

    expect(known).toMatchObject([{ outputs: { text_output: ["The"] } }]);
    expect(unknown).toMatchObject([{ error: "LoRA poet is not supported, we currently support ['sql']" }]);
    expect(none).toMatchObject([{ error: "LoRA feature is not enabled." }]);
  });

  test("takes images in base64", async () => {
    const good = await stream(request("hi", { max_tokens: 1 }, [bytes("image", ["aGk=", "aGk="])]));
    const bad = await stream(request("hi", {}, [bytes("image", "https://example.com/a.png")]));

    expect(good).toMatchObject([{ outputs: { text_output: ["The"] } }]);
    expect(bad).toMatchObject([{ error: "Error generating stream: cannot identify image file" }]);
  });

  test("embeds texts and token ids, with a text input as its configuration demands", async () => {
    const embed = (value: unknown, more: Fields = {}) =>
      stream({
        modelName: "vllm_model",
        inputs: [
          bytes("text_input", ""),
          bytes("embedding_request", JSON.stringify({ input: value, pooling_params: more })),
          bool("return_num_input_tokens", true),
        ],
      });

    const [text] = await embed("two words");
    const [ids] = await embed([1, 2, 3], { dimensions: [4] });
    const [wrong] = await embed([["1"]]);

    expect(JSON.parse(String(text?.outputs["text_output"]?.[0]))).toHaveLength(16);
    expect(text?.outputs["num_input_tokens"]).toEqual([2]);
    expect(JSON.parse(String(ids?.outputs["text_output"]?.[0]))).toHaveLength(4);
    expect(wrong?.error).toStartWith("Error generating stream:");
    expect(
      await stream({ modelName: "vllm_model", inputs: [bytes("embedding_request", '{"input": "a"}')] }),
    ).toMatchObject([{ error: expect.stringContaining("missing required input(s) ['text_input']") }]);
  });

  test("records what came and whether the client left", async () => {
    await server().reset();
    const hanging = request('@reply {"text": "one", "hang": true}', { seed: 7 });

    await client().cancelAfterFirst(hanging);
    const [call] = await server().cancelled(1);

    expect(call).toMatchObject({
      backend: "vllm",
      rpc: "ModelStreamInfer",
      model: "vllm_model",
      id: "7",
      messages: 1,
      inputs: {
        stream: { datatype: "BOOL", shape: [1], contents: [true], raw: false },
        sampling_parameters: { contents: ['{"seed":7}'] },
      },
    });
    expect(await server().requests()).toHaveLength(1);
  });
});

/** The number of " other2", the alternative of rank 2. */
const otherId = 785;

function request(
  prompt: string,
  sampling: Fields,
  more: readonly Fields[] = [],
  model = "vllm_model",
  excludes = true,
): Fields {
  return {
    modelName: model,
    id: "7",
    inputs: [
      bytes("text_input", prompt),
      bool("stream", true),
      bool("exclude_input_in_output", excludes),
      bytes("sampling_parameters", JSON.stringify(sampling)),
      ...more,
    ],
  };
}
