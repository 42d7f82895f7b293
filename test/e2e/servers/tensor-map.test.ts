import { expect, test } from "bun:test";
import { expectError } from "../../support/expectations.ts";
import { user } from "../../support/openai-wire.ts";
import { describeBlackBox } from "../../support/prerequisites.ts";
import { replying, serveModels } from "./bed.ts";

const question = user("Say something.");
const prompt = "<|im_start|>user\nSay something.<|im_end|>\n<|im_start|>assistant\n";
const fox = "The quick brown fox jumps over the lazy dog.";

describeBlackBox("Tensors that the operator names", () => {
  const bed = serveModels({
    servers: {
      triton: [{ dialect: "mock" }, { dialect: "generic" }],
      mlserver: [{ dialect: "mlserver", model: "silent", metadata: false }],
    },
    models: {
      silent: {
        backend: "mlserver",
        tensors: {
          prompt: "prompt",
          text: "output",
          parameters: {
            max_tokens: "max_tokens",
            stop: "stop",
            temperature: "heat",
            seed: "dice",
            ignore_eos: "go_on",
            house_style: "style",
          },
        },
      },
      mapped: {
        backend: "triton",
        target: "mock_llm",
        tensors: { prompt: "PROMPT", stream: "STREAM", text: "TEXT" },
      },
      cumulative: { backend: "triton", target: "generic", tensors: { cumulative: true } },
      echoing: { backend: "triton", target: "generic", tensors: { echo: true } },
      wrong: { backend: "triton", target: "mock_llm", tensors: { prompt: "PROMPT", text: "ANSWER" } },
    },
  });

  test("of a model that describes none have the datatypes of their parameters", async () => {
    const answer = await bed.chat({
      model: "silent",
      ...question,
      max_tokens: 4,
      stop: ["a", "b"],
      temperature: 0.5,
      seed: -3,
      ignore_eos: true,
      house_style: 2.5,
      top_p: 0.5,
    });

    const [arrived, ...others] = await bed.arrived();
    expect(others).toEqual([]);
    expect(arrived?.tensors).toEqual({
      prompt: ["BYTES", [1], [prompt]],
      max_tokens: ["INT32", [1], [4]],
      stop: ["BYTES", [2], ["a", "b"]],
      heat: ["FP32", [1], [0.5]],
      dice: ["INT64", [1], [-3]],
      go_on: ["BOOL", [1], [true]],
      style: ["FP32", [1], [2.5]],
    });
    expect(answer.headers.get("x-oai-serve-ignored-params")).toBe("top_p");
  });

  test("that are not used are not sent", async () => {
    const answer = await bed.chat({ model: "silent", ...question });

    expect(Object.keys((await bed.arrived())[0]?.tensors ?? {})).toEqual(["prompt"]);
    expect(answer.json.choices[0]?.message.content).toBe(fox);
  });

  test("of a model that describes its own have its datatypes and shapes", async () => {
    const answer = await bed.chat({ model: "mapped", ...question });

    expect((await bed.arrived())[0]?.tensors).toEqual({
      PROMPT: ["BYTES", [1, 1], [prompt]],
      STREAM: ["BOOL", [1, 1], [true]],
    });
    expect(answer.json.choices[0]?.message.content).toBe(fox);
  });

  test("of a text that repeats what came before give what is new", async () => {
    const answer = await bed.chat({
      model: "cumulative",
      ...replying({ text: "a a a b", cumulative: true }),
    });

    expect(answer.json.choices[0]?.message.content).toBe("a a a b");
  });

  test("of a text that begins with the prompt give what follows it", async () => {
    await bed.server("triton").fault({ text: `Hi.${fox}` }, "generic");
    const answer = await bed.complete({ model: "echoing", prompt: "Hi." });
    await bed.server("triton").fault(undefined, "generic");

    expect(answer.json.choices[0]?.text).toBe(fox);
  });

  test("that the answer does not have are a failure that names them", async () => {
    const answer = await bed.chat({ model: "wrong", ...question });

    const error = expectError(answer, { status: 502, code: "upstream_error" });
    expect(error.message).toContain("ANSWER");
  });
});
