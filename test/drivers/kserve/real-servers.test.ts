import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import type { Fields } from "../../support/kserve-messages.ts";
import { describeServer } from "../../support/servers/describe-server.ts";
import {
  bytesInput,
  intInput,
  isFinal,
  lengthPrefixed,
  rawText,
  trtllmRequest,
  typedText,
  vllmRequest,
} from "../../support/servers/messages.ts";
import { openRawClient } from "../../support/servers/raw-client.ts";
import type { RawClient } from "../../support/servers/raw-client.ts";
import { startServer } from "../../support/servers/servers.ts";
import type { RealServer, ServerKind } from "../../support/servers/servers.ts";

// What the driver relies on, asked of the servers themselves. Codes are those of gRPC.
const notFound = 5;
const unimplemented = 12;
const internal = 13;

describeServer("triton", "Triton", () => {
  const { client, server } = serve("triton");

  test("says its name, and all models of its repository with their state", async () => {
    const metadata = await client().call("ServerMetadata");
    const index = await client().call("RepositoryIndex");

    expect(metadata).toMatchObject({ name: "triton", version: "2.51.0" });
    expect(metadata).toMatchObject({ extensions: expect.arrayContaining(["model_repository"]) });
    expect(index).toMatchObject({
      models: [
        "ensemble",
        "postprocessing",
        "preprocessing",
        "python_text",
        "tensorrt_llm",
        "tensorrt_llm_bls",
        "vllm_model",
      ].map((name) => ({ name, version: "1", state: "READY" })),
    });
  });

  test("describes the vLLM layout: platform, types and shapes without a batch dimension", async () => {
    const metadata = await client().call("ModelMetadata", { name: "vllm_model" });
    const config = await client().call("ModelConfig", { name: "vllm_model" });

    expect(metadata).toMatchObject({
      platform: "vllm",
      versions: ["1"],
      inputs: expect.arrayContaining([
        { name: "text_input", datatype: "BYTES", shape: [1] },
        { name: "stream", datatype: "BOOL", shape: [1] },
        { name: "sampling_parameters", datatype: "BYTES", shape: [1] },
      ]),
      outputs: expect.arrayContaining([
        { name: "text_output", datatype: "BYTES", shape: [-1] },
        { name: "num_input_tokens", datatype: "UINT32", shape: [1] },
      ]),
    });
    expect(config).toMatchObject({
      config: { backend: "vllm", modelTransactionPolicy: { decoupled: true } },
    });
  });

  test("describes the TensorRT-LLM ensemble: shapes with a batch dimension, and no backend", async () => {
    const metadata = await client().call("ModelMetadata", { name: "ensemble" });
    const config = await client().call("ModelConfig", { name: "ensemble" });

    expect(metadata).toMatchObject({
      platform: "ensemble",
      inputs: expect.arrayContaining([
        { name: "text_input", datatype: "BYTES", shape: [-1, 1] },
        { name: "max_tokens", datatype: "INT32", shape: [-1, 1] },
        { name: "stop_words", datatype: "BYTES", shape: [-1, -1] },
      ]),
    });
    expect(config).toMatchObject({
      config: {
        platform: "ensemble",
        maxBatchSize: 4,
        modelTransactionPolicy: { decoupled: true },
      },
    });
    expect(config).not.toHaveProperty("config.backend");
  });

  test("answers a question about a model that it does not have", async () => {
    expect(await client().call("ModelReady", { name: "absent" })).toMatchObject({});
    expect(await client().call("ModelMetadata", { name: "absent" })).toEqual({
      code: notFound,
      details: "Request for unknown model: 'absent' is not found",
    });
  });

  test("streams raw contents with the final flag on the last response", async () => {
    const { messages, refusal } = await client().stream(vllmRequest('@reply {"text": "one two"}'));

    expect(refusal).toBeUndefined();
    expect(messages.map(rawText)).toEqual(["one", " two"]);
    expect(messages.map(isFinal)).toEqual([false, true]);
    expect(messages[0]).toMatchObject({
      inferResponse: { outputs: [{ name: "text_output", datatype: "BYTES", shape: [1] }] },
    });
  });

  test("sends a final response without outputs only to those who ask for it", async () => {
    const request = trtllmRequest("tensorrt_llm_bls", '@reply {"text": "one two"}');
    const parameters = { triton_enable_empty_final_response: { boolParam: true } };

    const without = await client().stream(request);
    const asked = await client().stream({ ...request, parameters });

    expect(without.messages.map(isFinal)).toEqual([false, false]);
    expect(asked.messages.map(isFinal)).toEqual([false, false, true]);
    expect(asked.messages[2]).toMatchObject({
      inferResponse: { outputs: [], modelName: "tensorrt_llm_bls" },
    });
  });

  test("repeats the text in the BLS model and not in the ensemble", async () => {
    const prompt = '@reply {"text": "one two"}';

    const ensemble = await client().stream(trtllmRequest("ensemble", prompt));
    const bls = await client().stream(trtllmRequest("tensorrt_llm_bls", prompt));

    expect(ensemble.messages.map(rawText)).toEqual(["one", " two"]);
    expect(bls.messages.map(rawText)).toEqual(["one", "one two"]);
  });

  test("refuses the unary rpc for a decoupled model", async () => {
    expect(await client().call("ModelInfer", vllmRequest("hi"))).toEqual({
      code: unimplemented,
      details: "ModelInfer RPC doesn't support models with decoupled transaction policy",
    });
  });

  test("answers both rpcs for a model that is not decoupled", async () => {
    const request = { modelName: "python_text", inputs: [bytesInput("prompt", '@reply {"text": "one"}')] };

    const unary = await client().call("ModelInfer", request);
    const { messages } = await client().stream(request);

    expect(rawText({ inferResponse: unary })).toBe("one");
    expect(messages.map(rawText)).toEqual(["one"]);
    expect(messages.map(isFinal)).toEqual([true]);
  });

  describe("when a model fails", () => {
    const request = vllmRequest('@reply {"text": "one two", "fail_after": 1}');

    test("puts the text of the error into the stream", async () => {
      const { messages, refusal } = await client().stream(request);

      expect(refusal).toBeUndefined();
      expect(messages[1]).toMatchObject({ errorMessage: "the model has failed" });
    });

    test("ends with a status for those who ask for one", async () => {
      const { refusal } = await client().stream(request, { metadata: { triton_grpc_error: "true" } });

      expect(refusal).toEqual({ code: internal, details: "the model has failed" });
    });
  });

  const refused: readonly [string, Fields, string][] = [
    [
      "an unknown model",
      { ...vllmRequest("hi"), modelName: "absent" },
      "Request for unknown model: 'absent'",
    ],
    [
      "an unknown input",
      { modelName: "vllm_model", inputs: [bytesInput("text", "hi")] },
      "unexpected inference input 'text'",
    ],
    [
      "a missing input",
      { modelName: "ensemble", inputs: [bytesInput("text_input", "hi", [1, 1])] },
      "missing required input(s) ['max_tokens']",
    ],
    [
      "a missing batch dimension",
      {
        modelName: "ensemble",
        inputs: [bytesInput("text_input", "hi"), intInput("max_tokens", 2, [1])],
      },
      "unexpected shape for input",
    ],
  ];
  for (const [what, request, words] of refused) {
    test(`refuses ${what} with a text and no status, asked for or not`, async () => {
      for (const metadata of [{}, { triton_grpc_error: "true" }]) {
        const { messages, refusal } = await client().stream(request, { metadata });

        expect(refusal).toBeUndefined();
        expect(messages).toMatchObject([{ errorMessage: expect.stringContaining(words) }]);
      }
    });
  }

  test("tells a model that the client has left, but not the engine of an ensemble", async () => {
    const prompt = '@reply {"text": "one two", "hang": true}';

    await client().cancelAfterFirst(vllmRequest(prompt));
    await client().cancelAfterFirst(trtllmRequest("ensemble", prompt));
    // Longer than an engine that is told takes to say so.
    await client().stream(trtllmRequest("ensemble", '@reply {"text": "one", "delay_ms": 200}'));

    expect(await server().waitFor({ model: "vllm_model", outcome: "cancelled" })).toHaveLength(1);
    expect(await server().waitFor({ model: "ensemble", outcome: "running" })).toHaveLength(1);
  });

  test("shows a model the gRPC metadata that it is told to forward", async () => {
    await client().stream(vllmRequest("hi"), { metadata: { "x-request-id": "abc" } });

    const requests = await server().requests();
    expect(requests.at(-1)).toMatchObject({
      model: "vllm_model",
      metadata: { "x-request-id": "abc" },
      inputs: { text_input: { datatype: "BYTES", shape: [1], contents: ["hi"] } },
    });
  });
});

describeServer("mlserver", "MLServer", () => {
  const { client, server } = serve("mlserver");
  const request = { modelName: "text", inputs: [bytesInput("prompt", '@reply {"text": "one two"}')] };

  test("says its name, and its models with a state of its own spelling", async () => {
    expect(await client().call("ServerMetadata")).toMatchObject({ name: "mlserver", version: "1.7.1" });
    expect(await client().call("RepositoryIndex")).toMatchObject({
      models: expect.arrayContaining([expect.objectContaining({ name: "text", state: "State.READY" })]),
    });
  });

  test("describes only what a model's settings say", async () => {
    expect(await client().call("ModelMetadata", { name: "text" })).toMatchObject({
      platform: "text",
      versions: [],
      inputs: [{ name: "prompt", datatype: "BYTES", shape: [1] }],
      outputs: [{ name: "output", datatype: "BYTES", shape: [1] }],
    });
    expect(await client().call("ModelMetadata", { name: "transformer" })).toMatchObject({
      inputs: [],
      outputs: [],
    });
    expect(await client().call("ModelConfig", { name: "text" })).toMatchObject({ code: unimplemented });
  });

  test("streams bare answers of the unary rpc", async () => {
    const { messages, refusal } = await client().stream(request, { answerType: "ModelInferResponse" });

    expect(refusal).toBeUndefined();
    expect(messages.map(typedText)).toEqual(["one", " two"]);
  });

  test("answers raw requests raw", async () => {
    const raw = {
      modelName: "text",
      inputs: [{ name: "prompt", datatype: "BYTES", shape: [1] }],
      rawInputContents: [lengthPrefixed('@reply {"text": "one"}')],
    };

    const answer = await client().call("ModelInfer", raw);

    expect(rawText({ inferResponse: answer })).toBe("one");
  });

  test("answers with the prompt and in JSON from the shapes of the HuggingFace runtime", async () => {
    const prompt = '@reply {"text": "one"}';
    const answer = await client().call("ModelInfer", {
      modelName: "transformer",
      inputs: [bytesInput("args", prompt)],
    });

    expect(answer).toMatchObject({
      outputs: [
        { name: "output", shape: [1, 1], parameters: { content_type: { stringParam: "hg_jsonlist" } } },
      ],
    });
    expect(JSON.parse(typedText(answer))).toEqual({ generated_text: `${prompt}one` });
  });

  test("streams one answer from a runtime that has no streaming", async () => {
    const { messages, refusal } = await client().stream(
      { modelName: "transformer", inputs: [bytesInput("args", "hi")] },
      { answerType: "ModelInferResponse" },
    );

    expect(refusal).toBeUndefined();
    expect(messages).toHaveLength(1);
  });

  test("gives a status to a failing model, also in a stream", async () => {
    const failing = {
      modelName: "text",
      inputs: [bytesInput("prompt", '@reply {"text": "one two", "fail_after": 1}')],
    };

    const { messages, refusal } = await client().stream(failing, { answerType: "ModelInferResponse" });

    expect(messages.map(typedText)).toEqual(["one"]);
    expect(refusal).toEqual({ code: internal, details: "the model has failed" });
  });

  test("tells a model that the client has left", async () => {
    await client().cancelAfterFirst({
      modelName: "text",
      inputs: [bytesInput("prompt", '@reply {"text": "one two", "hang": true}')],
    });

    expect(await server().waitFor({ model: "text", outcome: "cancelled" })).toHaveLength(1);
  });
});

describeServer("kserve", "the KServe model server", () => {
  const { client } = serve("kserve");
  const request = { modelName: "text", inputs: [bytesInput("text_input", '@reply {"text": "one two"}')] };

  test("says its name and has no index", async () => {
    expect(await client().call("ServerMetadata")).toMatchObject({ name: "kserve", version: "0.21.0" });
    expect(await client().call("RepositoryIndex")).toMatchObject({ code: unimplemented });
  });

  test("describes a model's tensors, without platform or version", async () => {
    expect(await client().call("ModelMetadata", { name: "text" })).toMatchObject({
      name: "text",
      versions: [],
      inputs: [
        { name: "text_input", datatype: "BYTES", shape: [1] },
        { name: "max_tokens", datatype: "INT32", shape: [1] },
      ],
      outputs: [{ name: "text_output", datatype: "BYTES", shape: [1] }],
    });
    expect(await client().call("ModelConfig", { name: "text" })).toMatchObject({ code: unimplemented });
  });

  test("answers the unary rpc alone, typed", async () => {
    const { refusal } = await client().stream(request);

    expect(typedText(await client().call("ModelInfer", request))).toBe("one two");
    expect(refusal).toEqual({ code: unimplemented, details: "Method not found!" });
  });

  test("answers typed also when the request was raw", async () => {
    const raw = {
      modelName: "text",
      inputs: [{ name: "text_input", datatype: "BYTES", shape: [1] }],
      rawInputContents: [lengthPrefixed('@reply {"text": "one"}')],
    };

    expect(typedText(await client().call("ModelInfer", raw))).toBe("one");
  });
});

/** A server for the tests of one `describe`. */
function serve(kind: ServerKind): { client: () => RawClient; server: () => RealServer } {
  let running: { client: RawClient; server: RealServer } | undefined;
  beforeAll(async () => {
    const server = await startServer(kind);
    running = { server, client: openRawClient(server.endpoint) };
  }, 60_000);
  afterAll(async () => {
    running?.client.close();
    await running?.server.close();
  });
  const started = () => {
    if (running === undefined) throw new Error(`${kind} is not running.`);
    return running;
  };
  return { client: () => started().client, server: () => started().server };
}
