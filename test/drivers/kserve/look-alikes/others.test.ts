import { expect, test } from "bun:test";
import { describePython } from "../../../support/prerequisites.ts";
import { serveLookAlike } from "../../../support/kserve/serve.ts";
import { bool, bytes, int32, prefixed, raw, readResponse } from "../../../support/kserve/tensors.ts";

const unimplemented = 12;
const notFound = 5;
const bare = { answerType: "ModelInferResponse" };
const oneTwo = '@reply {"text": "one two"}';

describePython("the look-alike of Dynamo", () => {
  const { client, stream } = serveLookAlike({ models: [{ dialect: "dynamo", model: "llama" }] });
  const inputs = [bytes("text_input", oneTwo), bool("stream", true)];

  test("has no server metadata and no index, and describes its models", async () => {
    expect(await client().call("ServerMetadata")).toMatchObject({ code: unimplemented });
    expect(await client().call("ServerReady")).toMatchObject({ code: unimplemented });
    expect(await client().call("RepositoryIndex")).toMatchObject({ code: unimplemented });
    expect(await client().call("ModelMetadata", { name: "llama" })).toMatchObject({
      platform: "dynamo",
      versions: ["1"],
    });
    expect(await client().call("ModelMetadata", { name: "absent" })).toMatchObject({ code: notFound });
  });

  test("streams typed outputs with an empty finish reason while it runs, and no final flag", async () => {
    const messages = await stream({ modelName: "llama", id: "7", inputs });

    expect(messages).toEqual([
      {
        id: "7",
        version: "1",
        outputs: { text_output: ["one"], finish_reason: [""] },
        shapes: { text_output: [1], finish_reason: [1] },
      },
      {
        id: "7",
        version: "1",
        outputs: { text_output: [" two"], finish_reason: ["stop"] },
        shapes: { text_output: [1], finish_reason: [1] },
      },
    ]);
  });

  test("takes nothing but the prompt and whether to stream", async () => {
    const limited = await stream({ modelName: "llama", inputs: [...inputs, int32("max_tokens", 1)] });
    const unary = await client().call("ModelInfer", { modelName: "llama", inputs });

    expect(limited).toMatchObject([{ error: expect.stringContaining("Invalid input name: max_tokens") }]);
    expect(unary).toMatchObject({ code: 3 });
  });

  test("takes raw contents, and rank 2, and answers typed", async () => {
    const answer = await client().call("ModelInfer", {
      modelName: "llama",
      inputs: [raw("text_input", "BYTES", [1, 1])],
      rawInputContents: [prefixed(oneTwo)],
    });

    expect(answer).toMatchObject({ rawOutputContents: [] });
    expect(readResponse({ ...answer }, "bare").outputs).toEqual({
      text_output: ["one two"],
      finish_reason: ["stop"],
    });
  });
});

describePython("the look-alike of MLServer", () => {
  const { client, stream } = serveLookAlike({
    models: [{ dialect: "mlserver", model: "text" }, { dialect: "mlserver-hf" }],
  });

  test("spells states in its own way", async () => {
    expect(await client().call("ServerMetadata")).toMatchObject({ name: "mlserver" });
    expect(await client().call("RepositoryIndex")).toMatchObject({
      models: [{ name: "text", state: "State.READY" }, { name: "transformer" }],
    });
  });

  test("streams bare answers, raw for a raw request", async () => {
    const typed = await stream({ modelName: "text", inputs: [bytes("prompt", oneTwo)] }, bare);
    const rawAnswer = await client().stream(
      {
        modelName: "text",
        inputs: [raw("prompt", "BYTES")],
        rawInputContents: [prefixed(oneTwo)],
      },
      bare,
    );

    expect(typed.map(({ outputs }) => outputs)).toEqual([{ output: ["one"] }, { output: [" two"] }]);
    expect(rawAnswer.messages[0]).toMatchObject({ rawOutputContents: [expect.anything()] });
  });

  test("reads settings from inputs and from parameters", async () => {
    const inputs = [bytes("prompt", oneTwo)];
    const byInput = await stream({ modelName: "text", inputs: [...inputs, int32("max_tokens", 1)] }, bare);
    const parameters = { max_tokens: { int64Param: 1 }, temperature: { doubleParam: 0.5 } };
    const byParameter = await stream({ modelName: "text", inputs, parameters }, bare);

    expect([byInput, byParameter]).toMatchObject([
      [{ outputs: { output: ["one"] } }],
      [{ outputs: { output: ["one"] } }],
    ]);
  });

  test("fails with a status in the middle of a stream", async () => {
    const prompt = '@reply {"text": "one two", "fail_after": 1}';
    const messages = await stream({ modelName: "text", inputs: [bytes("prompt", prompt)] }, bare);

    expect(messages.map(({ outputs, error }) => error ?? outputs)).toEqual([
      { output: ["one"] },
      "13 the model has failed",
    ]);
  });

  test("answers from the HuggingFace runtime with the prompt, in JSON", async () => {
    const answer = await client().call("ModelInfer", {
      modelName: "transformer",
      inputs: [bytes("args", oneTwo)],
    });

    expect(answer).toMatchObject({
      outputs: [{ shape: [1, 1], parameters: { content_type: { stringParam: "hg_jsonlist" } } }],
    });
    expect(JSON.parse(String(readResponse({ ...answer }, "bare").outputs["output"]?.[0]))).toEqual({
      generated_text: `${oneTwo}one two`,
    });
  });
});

describePython("the look-alike of OpenVINO Model Server", () => {
  const { client, stream } = serveLookAlike({ models: [{ dialect: "ovms" }] });

  test("names its tensors without types or shapes", async () => {
    expect(await client().call("ModelMetadata", { name: "python_model" })).toMatchObject({
      platform: "OpenVINO",
      inputs: [{ name: "pre_prompt", shape: [] }],
    });
    expect(await client().call("ModelConfig", { name: "python_model" })).toMatchObject({
      code: unimplemented,
    });
  });

  test("sends one output a message, the text without a length before it", async () => {
    const request = { modelName: "python_model", inputs: [bytes("pre_prompt", oneTwo)] };
    const { messages } = await client().stream(request);
    const names = (await stream(request)).map(({ outputs }) => Object.keys(outputs));

    expect(names).toEqual([["completion"], ["completion"], ["token_count"], ["end_signal"]]);
    expect(messages[1]).toMatchObject({
      inferResponse: { rawOutputContents: [new TextEncoder().encode(" two")] },
    });
  });
});

describePython("the look-alike of KServe's Python server", () => {
  const { client } = serveLookAlike({ models: [{ dialect: "kserve-python", model: "text" }] });

  test("answers the unary rpc alone, always typed", async () => {
    const request = {
      modelName: "text",
      inputs: [raw("text_input", "BYTES")],
      rawInputContents: [prefixed(oneTwo)],
    };
    const answer = await client().call("ModelInfer", request);
    const { refusal } = await client().stream(request);

    expect(answer).toMatchObject({ rawOutputContents: [] });
    expect(readResponse({ ...answer }, "bare").outputs).toEqual({ text_output: ["one two"] });
    expect(refusal).toMatchObject({ code: unimplemented });
  });
});
