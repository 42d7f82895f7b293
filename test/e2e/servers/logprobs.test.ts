import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { nodeGenerations } from "../../support/clients/node.ts";
import { type PythonClient, pythonGenerations, startPython } from "../../support/clients/python.ts";
import { expectError } from "../../support/expectations.ts";
import { describeBlackBox } from "../../support/prerequisites.ts";
import { replying, serveModels } from "./bed.ts";

const answer = replying({ text: "so it is" });
/** The look-alike's logprobs: one eighth less for each token, half of one less for each rank. */
const content = ["so", " it", " is"].map((token, index) => ({
  token,
  logprob: -0.125 * (index + 1),
  bytes: [...Buffer.from(token)],
  top_logprobs: [
    { token, logprob: -0.125 * (index + 1), bytes: [...Buffer.from(token)] },
    { token: " other2", logprob: -0.125 * (index + 1) - 0.5, bytes: [...Buffer.from(" other2")] },
  ],
}));
const prompt = '@reply {"text": "so it is"}';
const legacy = {
  tokens: ["so", " it", " is"],
  token_logprobs: [-0.125, -0.25, -0.375],
  top_logprobs: [
    { so: -0.125, " other2": -0.625 },
    { " it": -0.25, " other2": -0.75 },
    { " is": -0.375, " other2": -0.875 },
  ],
  text_offset: [prompt.length, prompt.length + 2, prompt.length + 5],
};

interface LegacyChunk {
  choices: { text: string; logprobs: typeof legacy | null }[];
}

describeBlackBox("Logprobs of vLLM", () => {
  const bed = serveModels({
    servers: {
      triton: [{ dialect: "vllm" }, { dialect: "trtllm" }, { dialect: "llmapi" }],
      dynamo: [{ dialect: "dynamo", model: "dynamo" }],
    },
    models: {
      vllm_model: { backend: "triton" },
      ensemble: { backend: "triton" },
      tensorrt_llm: { backend: "triton" },
      dynamo: { backend: "dynamo" },
    },
  });
  const python = new Map<string, PythonClient>();
  beforeAll(async () => {
    await Promise.all(
      pythonGenerations.map(async (generation) => python.set(generation, await startPython(generation))),
    );
  });
  afterAll(async () => {
    for (const client of python.values()) await client.stop();
  });

  for (const { name, connect } of nodeGenerations) {
    describe(name, () => {
      test("of a chat", async () => {
        const { choices } = await connect(bed.url()).chat.completions.create({
          model: "vllm_model",
          ...answer,
          logprobs: true,
          top_logprobs: 2,
        });

        expect(choices[0]?.logprobs).toEqual({ content, refusal: null });
        const [arrived] = await bed.arrived();
        expect(arrived?.tensors["return_logprobs"]).toEqual(["BOOL", [1], [true]]);
        expect(arrived?.sampling["logprobs"]).toBe(2);
      });

      test("of a chat, as they come", async () => {
        const stream = connect(bed.url()).chat.completions.stream({
          model: "vllm_model",
          ...answer,
          logprobs: true,
          top_logprobs: 2,
        });
        const { choices } = await stream.finalChatCompletion();

        expect(choices[0]?.logprobs?.content).toEqual(content);
        expect(choices[0]?.message.content).toBe("so it is");
      });

      test("of a completion", async () => {
        const { choices } = await connect(bed.url()).completions.create({
          model: "vllm_model",
          prompt,
          logprobs: 2,
        });

        expect(choices[0]?.logprobs).toEqual(legacy);
      });

      test("of a completion, as they come", async () => {
        const stream = await connect(bed.url()).completions.create({
          model: "vllm_model",
          prompt,
          logprobs: 2,
          stream: true,
        });
        const chunks: LegacyChunk[] = [];
        for await (const chunk of stream) chunks.push(JSON.parse(JSON.stringify(chunk)));

        expect(joined(chunks)).toEqual(legacy);
      });
    });
  }

  for (const generation of pythonGenerations) {
    test(`openai-python ${generation}: of a chat and of a completion, whole and as they come`, async () => {
      const client = python.get(generation);
      const base = { baseUrl: bed.url() };
      const chat = { model: "vllm_model", ...answer, logprobs: true, top_logprobs: 2 };
      const completion = { model: "vllm_model", prompt, logprobs: 2 };
      type Chat = { choices: { logprobs: { content: typeof content } }[] };

      const whole = await client?.run<Chat>({ ...base, call: "chat.completions.create", arguments: chat });
      const helped = await client?.run<{ final: Chat }>({
        ...base,
        call: "chat.completions.stream",
        arguments: chat,
        mode: "helper",
      });
      const old = await client?.run<LegacyChunk>({
        ...base,
        call: "completions.create",
        arguments: completion,
      });
      const chunks = await client?.run<LegacyChunk[]>({
        ...base,
        call: "completions.create",
        arguments: { ...completion, stream: true },
        mode: "items",
      });

      expect(whole?.choices[0]?.logprobs.content).toEqual(content);
      expect(helped?.final.choices[0]?.logprobs.content).toEqual(content);
      expect(old?.choices[0]?.logprobs).toEqual(legacy);
      expect(joined(chunks ?? [])).toEqual(legacy);
    });
  }

  test("without alternatives", async () => {
    const { json } = await bed.chat({ model: "vllm_model", ...answer, logprobs: true });

    expect((await bed.arrived())[0]?.sampling["logprobs"]).toBe(0);
    expect(json.choices[0]?.logprobs).toEqual({
      content: content.map((token) => ({ ...token, top_logprobs: [] })),
      refusal: null,
    });
  });

  test("of each of several answers", async () => {
    const { json } = await bed.chat({
      model: "vllm_model",
      ...answer,
      logprobs: true,
      top_logprobs: 2,
      n: 2,
    });

    expect(json.choices.map(({ logprobs }) => logprobs)).toEqual([
      { content, refusal: null },
      { content, refusal: null },
    ]);
  });

  test("of characters that several tokens make up: their bytes are unknown, the text whole", async () => {
    const { json } = await bed.chat({
      model: "vllm_model",
      ...replying({ raw_bytes_hex: ["f09f", "9880", "21"] }),
      logprobs: true,
    });

    const message = json.choices[0]?.message.content;
    expect(message).toBe("😀!");
    expect(json.choices[0]?.logprobs).toMatchObject({
      content: [{ bytes: null }, { bytes: null }, { token: "!", bytes: [33] }],
    });
  });

  test("stop at the end of the text", async () => {
    const { json } = await bed.chat({
      model: "vllm_model",
      ...replying({ pieces: ["so", "<|im_end|>", " it"] }),
      logprobs: true,
    });

    expect(json.choices[0]?.message.content).toBe("so");
    expect(json.choices[0]?.logprobs).toMatchObject({ content: [{ token: "so" }] });
  });

  test("are absent where nobody asked", async () => {
    const { json } = await bed.chat({ model: "vllm_model", ...answer });

    expect(json.choices[0]?.logprobs).toBeNull();
    expect((await bed.arrived())[0]?.tensors).not.toHaveProperty("return_logprobs");
  });

  for (const model of ["ensemble", "tensorrt_llm", "dynamo"]) {
    test(`${model} gives none: the field is refused by name`, async () => {
      const chat = await bed.chat({ model, ...answer, logprobs: true });
      const completion = await bed.complete({ model, prompt, logprobs: 1 });

      for (const refused of [chat, completion])
        expectError(refused, { status: 400, code: "unsupported_parameter", param: "logprobs" });
      expect(await bed.arrived()).toEqual([]);
    });
  }

  test("of the prompt are refused", async () => {
    const refused = await bed.complete({ model: "vllm_model", prompt, logprobs: 1, echo: true });

    expectError(refused, { status: 400, code: "unsupported_parameter", param: "logprobs" });
  });
});

/** The parallel arrays of a stream, put together. */
function joined(chunks: readonly LegacyChunk[]): typeof legacy {
  const parts = chunks.flatMap(({ choices }) => choices.flatMap(({ logprobs }) => logprobs ?? []));
  return {
    tokens: parts.flatMap(({ tokens }) => tokens),
    token_logprobs: parts.flatMap((part) => part.token_logprobs),
    top_logprobs: parts.flatMap((part) => part.top_logprobs),
    text_offset: parts.flatMap((part) => part.text_offset),
  };
}
