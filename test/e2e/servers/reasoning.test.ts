import { expect, test } from "bun:test";
import { describeBlackBox } from "../../support/prerequisites.ts";
import { replying, serveModels, spelled } from "./bed.ts";

interface Thinking {
  choices: {
    index: number;
    message: { content: string | null; reasoning_content?: string };
    delta: { content?: string | null; reasoning_content?: string };
    finish_reason: string | null;
  }[];
}

const thought = "Let me see.\nIt is so.";
const answer = "It is.";
/** 32 tokens: the marks, 20 of thought and 10 of answer. */
const pieces = [
  "<think>",
  ..."so ".repeat(20).split(/(?<= )/),
  "</think>",
  ..."ok ".repeat(10).split(/(?<= )/),
];

/** Model and how it writes a thought before its answer. */
const forms: readonly (readonly [string, string])[] = [
  ["qwen", `<think>\n${thought}\n</think>\n\n${answer}`],
  ["opened", `${thought}\n</think>\n\n${answer}`],
  ["granite", `Here is my thought process:${thought}Here is my response:${answer}`],
  ["own", `((${thought}))${answer}`],
  ["dynamo", `<think>${thought}</think>${answer}`],
];

describeBlackBox("Reasoning", () => {
  const bed = serveModels({
    servers: { triton: [{ dialect: "vllm" }], dynamo: [{ dialect: "dynamo", model: "dynamo" }] },
    models: {
      qwen: { backend: "triton", target: "vllm_model", template: "qwen" },
      opened: { backend: "triton", target: "vllm_model", template: "deepseek-r1" },
      granite: { backend: "triton", target: "vllm_model", reasoning_parser: "granite" },
      own: {
        backend: "triton",
        target: "vllm_model",
        reasoning_parser: { open: ["(("], close: ["))"] },
      },
      plain: { backend: "triton", target: "vllm_model", template: "qwen", reasoning_parser: "none" },
      dynamo: { backend: "dynamo", reasoning_parser: "think" },
    },
  });

  for (const [model, text] of forms) {
    test(`${model}: the thought is apart from the answer`, async () => {
      const { json } = await bed.chat({ model, ...replying({ text }) });

      const message: unknown = json.choices[0]?.message;
      expect(message).toMatchObject({ content: answer, reasoning_content: expect.stringContaining(thought) });
      expect(json.choices[0]?.finish_reason).toBe("stop");
    });

    test(`${model}: so it is in a stream, however the text is cut`, async () => {
      const { text: body } = await bed.streamChat({ model, ...spelled(text) });

      const deltas = chunksOf(body).flatMap(({ choices }) => choices.map(({ delta }) => delta));
      expect(deltas.map(({ content }) => content ?? "").join("")).toBe(answer);
      expect(deltas.map((delta) => delta.reasoning_content ?? "").join("")).toContain(thought);
      const lastThought = deltas.findLastIndex((delta) => delta.reasoning_content !== undefined);
      expect(deltas.findIndex(({ content }) => (content ?? "") !== "")).toBeGreaterThan(lastThought);
    });
  }

  test("its tokens are told in the usage, as a part of the completion's", async () => {
    const { json } = await bed.chat({
      model: "qwen",
      ...replying({ pieces }),
    });

    expect(json.usage.completion_tokens).toBe(32);
    expect(json.usage.completion_tokens_details["reasoning_tokens"]).toBeWithin(16, 24);
  });

  test("is told in a stream's usage too", async () => {
    const { chunks } = await bed.streamChat({
      model: "qwen",
      ...replying({ pieces }),
      stream_options: { include_usage: true },
    });

    const usage = chunks.at(-1)?.usage;
    expect(usage?.completion_tokens).toBe(32);
    expect(usage?.completion_tokens_details["reasoning_tokens"]).toBeWithin(20, 24);
  });

  test("a thought that does not end is a thought", async () => {
    const { json } = await bed.chat({
      model: "qwen",
      ...replying({ text: "<think>On and on and on" }),
      max_tokens: 3,
    });

    const message: unknown = json.choices[0]?.message;
    expect(message).toMatchObject({ reasoning_content: "On and on" });
    expect(json.choices[0]?.finish_reason).toBe("length");
  });

  test("marks that come later are text", async () => {
    const text = "Tags such as <think> and </think> are text.";
    const { json } = await bed.chat({ model: "qwen", ...replying({ text }) });

    expect(json.choices[0]?.message).toMatchObject({ content: text });
    expect(json.choices[0]?.message).not.toHaveProperty("reasoning_content");
  });

  test("is text where the operator wants it so, and in completions", async () => {
    const text = "<think>a</think>b";
    const chat = await bed.chat({ model: "plain", ...replying({ text }) });
    const completion = await bed.complete({ model: "qwen", prompt: `@reply ${JSON.stringify({ text })}` });

    expect(chat.json.choices[0]?.message.content).toBe(text);
    expect(completion.json.choices[0]?.text).toBe(text);
  });

  test("a template that opens the thought is asked not to by its variable", async () => {
    await bed.chat({
      model: "qwen",
      ...replying({ text: "b" }),
      chat_template_kwargs: { enable_thinking: false },
    });

    expect((await bed.arrived())[0]?.prompt).toEndWith("<|im_start|>assistant\n<think>\n\n</think>\n\n");
  });
});

function chunksOf(body: string): Thinking[] {
  return body
    .split("\n\n")
    .filter((frame) => frame.startsWith("data: {"))
    .map((frame) => JSON.parse(frame.slice("data: ".length)));
}
