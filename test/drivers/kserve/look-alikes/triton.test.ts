import { expect, test } from "bun:test";
import type { Fields } from "../../../support/kserve-messages.ts";
import { describePython } from "../../../support/prerequisites.ts";
import { serveLookAlike } from "../../../support/kserve/serve.ts";
import {
  bool,
  bytes,
  fp32,
  int32,
  prefixed,
  raw,
  readResponse,
  typed,
} from "../../../support/kserve/tensors.ts";

describePython("the look-alike of Triton", () => {
  const { client, server, stream } = serveLookAlike({
    models: [
      { dialect: "vllm" },
      { dialect: "trtllm" },
      { dialect: "generic" },
      { dialect: "mock" },
      { dialect: "preprocessing" },
      { dialect: "embedding" },
      { dialect: "classifier" },
      { dialect: "vllm", model: "slow_starter", state: "LOADING" },
    ],
  });

  test("lists its repository with states", async () => {
    const all = await client().call("RepositoryIndex");
    const ready = await client().call("RepositoryIndex", { ready: true });

    expect(all).toMatchObject({
      models: expect.arrayContaining([
        { name: "vllm_model", version: "1", state: "READY" },
        { name: "slow_starter", version: "1", state: "LOADING" },
      ]),
    });
    expect(JSON.stringify(ready)).not.toContain("slow_starter");
  });

  test("loads and unloads while it runs", async () => {
    await server().load({ dialect: "generic", model: "newcomer" });
    const loaded = await client().call("ModelReady", { name: "newcomer" });
    await server().unload("newcomer");
    const unloaded = await client().call("RepositoryIndex");
    await server().setState("newcomer", "READY");
    const again = await client().call("ModelReady", { name: "newcomer" });
    await server().remove("newcomer");

    expect([loaded, again]).toMatchObject([{ ready: true }, { ready: true }]);
    expect(unloaded).toMatchObject({
      models: expect.arrayContaining([
        { name: "newcomer", version: "1", state: "UNAVAILABLE", reason: "unloaded" },
      ]),
    });
    expect(JSON.stringify(await client().call("RepositoryIndex"))).not.toContain("newcomer");
  });

  test("does not describe what is not ready", async () => {
    expect(await client().call("ModelMetadata", { name: "slow_starter" })).toEqual({
      code: 14,
      details: "Request for unknown model: 'slow_starter' has no available versions",
    });
    expect(await client().call("ModelConfig", { name: "absent" })).toMatchObject({ code: 5 });
  });

  test("says whether it is ready", async () => {
    await server().setReady(false);
    const not = await client().call("ServerReady");
    await server().setReady(true);

    expect([not, await client().call("ServerReady")]).toEqual([{}, { ready: true }]);
  });

  test("streams from a Python model of any layout, and from one of rank 2", async () => {
    const generic = await stream({
      modelName: "generic",
      inputs: [bytes("prompt", "hi"), int32("max_tokens", 2), fp32("temperature", 0.5), bool("stream", true)],
    });
    const mock = await stream({
      modelName: "mock_llm",
      inputs: [bytes("PROMPT", "hi", [1, 1]), bool("STREAM", false, [1, 1])],
    });

    expect(generic.map(({ outputs }) => outputs)).toEqual([{ output: ["The"] }, { output: [" quick"] }]);
    expect(mock).toMatchObject([{ shapes: { TEXT: [1, 1] }, final: false }]);
  });

  test("has models that write no text", async () => {
    const embedding = await client().call("ModelInfer", {
      modelName: "embedding",
      inputs: [bytes("text", "hi")],
    });
    const classifier = await client().call("ModelMetadata", { name: "classifier" });

    expect(readResponse({ ...embedding }, "bare").outputs["embedding"]).toHaveLength(16);
    expect(classifier).toMatchObject({
      platform: "onnxruntime_onnx",
      inputs: [{ name: "image", datatype: "FP32", shape: [-1, 3, 224, 224] }],
    });
  });

  test("answers the outputs that were asked for", async () => {
    const request = vllm(bytes("text_input", "hi"), bool("return_finish_reason", true));
    const messages = await stream({ ...request, outputs: [{ name: "finish_reason" }] });

    expect(messages.map(({ outputs }) => outputs)).toEqual([{ finish_reason: ["stop"] }]);
  });

  test("takes raw contents in the order of the inputs", async () => {
    const messages = await stream({
      modelName: "vllm_model",
      inputs: [raw("stream", "BOOL"), raw("text_input", "BYTES")],
      rawInputContents: [Uint8Array.of(1), prefixed('@reply {"text": "one"}')],
    });

    expect(messages).toMatchObject([{ outputs: { text_output: ["one"] } }]);
  });

  const text = bytes("text_input", "hi");
  const refused: readonly [string, Fields, string][] = [
    ["an unknown model", { modelName: "absent" }, "Request for unknown model: 'absent' is not found"],
    ["an unknown version", { modelName: "vllm_model", modelVersion: "9" }, "version 9 is not found"],
    ["a missing input", vllm(), "missing required input(s) ['text_input']"],
    ["an unknown input", vllm(text, bytes("prompt", "hi")), "unexpected inference input 'prompt'"],
    ["an unknown output", { ...vllm(text), outputs: [{ name: "a" }] }, "unexpected inference output 'a'"],
    ["a repeated input", vllm(text, text), "input 'text_input' already exists"],
    [
      "another datatype",
      vllm(text, int32("stream", 1)),
      "inference input 'stream' data-type is 'INT32', but model 'vllm_model' expects 'BOOL'",
    ],
    ["a batch dimension too many", vllm(bytes("text_input", "hi", [1, 1])), "Expected [1], got [1,1]."],
    ["a negative size", vllm(bytes("text_input", "hi", [-1])), "All input dimensions should be specified"],
    [
      "too many elements",
      vllm(bytes("text_input", ["a", "b"], [1])),
      "unexpected number of string elements 2",
    ],
    [
      "contents of another type",
      vllm(text, typed("stream", "BOOL", [1], { intContents: [1] })),
      "of type 'INT32', expected datatype 'BOOL'",
    ],
    ["no contents", vllm(raw("text_input", "BYTES")), "unable to find data for input tensor 'text_input'"],
    [
      "raw and typed contents together",
      { ...vllm(text), rawInputContents: [prefixed("hi")] },
      "contents field must not be specified when using raw_input_contents for 'text_input'",
    ],
    [
      "raw contents of the wrong size",
      {
        ...vllm(raw("text_input", "BYTES"), raw("stream", "BOOL")),
        rawInputContents: [prefixed("hi"), new Uint8Array(4)],
      },
      "input byte size mismatch for input 'stream' for model 'vllm_model'. Expected 1, got 4",
    ],
    [
      "a reserved parameter",
      { ...vllm(text), parameters: { triton_other: { boolParam: true } } },
      "reserved for Triton usage",
    ],
    [
      "an opt-in of another type",
      { ...vllm(text), parameters: { triton_enable_empty_final_response: { int64Param: 1 } } },
      "expected bool_param",
    ],
    ["an unsigned parameter", { ...vllm(text), parameters: { a: { uint64Param: 1 } } }, "invalid value type"],
    [
      "batches that differ",
      {
        modelName: "ensemble",
        inputs: [
          bytes("text_input", "hi", [1, 1]),
          typed("max_tokens", "INT32", [2, 1], { intContents: [1, 2] }),
        ],
      },
      "batch size does not match other inputs",
    ],
  ];
  for (const [what, request, words] of refused) {
    test(`refuses ${what} with a text and no status, asked for or not`, async () => {
      for (const metadata of [{}, { triton_grpc_error: "true" }]) {
        const { messages, refusal } = await client().stream({ id: "7", ...request }, { metadata });

        expect(refusal).toBeUndefined();
        expect(messages).toMatchObject([
          { errorMessage: expect.stringContaining(words), inferResponse: { id: "7" } },
        ]);
      }
    });
  }

  test("finds a lying length prefix only in the backend", async () => {
    const request = { ...vllm(raw("text_input", "BYTES")), rawInputContents: [Buffer.from("hello")] };
    const { refusal } = await client().stream(request, { metadata: { triton_grpc_error: "true" } });

    expect(refusal).toMatchObject({ code: 3, details: expect.stringContaining("incomplete string data") });
  });

  test("refuses the unary rpc for a decoupled model", async () => {
    expect(await client().call("ModelInfer", vllm(text))).toEqual({
      code: 12,
      details: "ModelInfer RPC doesn't support models with decoupled transaction policy",
    });
  });
});

function vllm(...inputs: readonly Fields[]): Fields {
  return { modelName: "vllm_model", inputs };
}
