import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { nodeGenerations } from "../support/clients/node.ts";
import { pythonGenerations, startPython, type PythonClient } from "../support/clients/python.ts";
import { errorOf, expectError } from "../support/expectations.ts";
import type { CompletionBody } from "../support/openai-wire.ts";
import { describeBlackBox } from "../support/prerequisites.ts";
import { post, postStream, type Answer } from "../support/wire.ts";
import { startBed, type Bed } from "./bed.ts";

describeBlackBox("F. Completions", () => {
  let bed: Bed;
  beforeAll(async () => {
    bed = await startBed();
  });
  afterAll(() => bed.stop());

  const complete = (body: Record<string, unknown>): Promise<Answer<CompletionBody>> =>
    post<CompletionBody>(`${bed.url}/completions`, { model: "echo", prompt: "hi", ...body });
  const stream = (body: Record<string, unknown>) =>
    postStream<CompletionBody>(`${bed.url}/completions`, { model: "echo", prompt: "a b c", ...body });
  const prompts = async () =>
    (await bed.anyserve.generations()).map((call) => call.inputs["prompt"]?.contents[0]);

  test("90: the whole body has OpenAI's shape", async () => {
    const { status, json } = await complete({ max_tokens: 5 });

    expect(status).toBe(200);
    expect(json).toMatchObject({
      id: expect.stringMatching(/^cmpl-/),
      object: "text_completion",
      created: expect.any(Number),
      model: "echo",
      usage: { prompt_tokens: 1, completion_tokens: 1, total_tokens: 2 },
    });
    expect(json.choices).toEqual([{ text: "hi", index: 0, logprobs: null, finish_reason: "stop" }]);
  });

  test("90: the prompt reaches the backend as it is", async () => {
    await bed.anyserve.reset();

    await complete({ prompt: "Once upon\n a time", max_tokens: 5 });

    expect(await prompts()).toEqual(["Once upon\n a time"]);
  });

  test("91: two prompts with n 2 are four choices in order", async () => {
    const { json } = await complete({ prompt: ["a", "b"], n: 2 });

    expect(json.choices.map(({ index, text }) => [index, text])).toEqual([
      [0, "a"],
      [1, "a"],
      [2, "b"],
      [3, "b"],
    ]);
    expect(json.usage).toMatchObject({ prompt_tokens: 2, completion_tokens: 4 });
  });

  for (const [prompt, texts] of [
    [[15339], ["hello"]],
    [
      [[15339], [1917]],
      ["hello", " world"],
    ],
  ] as const) {
    test(`92: the tokens ${JSON.stringify(prompt)} are text for the backend`, async () => {
      await bed.anyserve.reset();

      const { status, json } = await complete({ prompt });

      expect(status).toBe(200);
      expect(new Set(await prompts())).toEqual(new Set(texts));
      expect(json.usage?.prompt_tokens).toBe(texts.length);
    });
  }

  test("92: a token outside the vocabulary is refused", async () => {
    expectError(await complete({ prompt: [15339, 99_999_999] }), { status: 400 });
  });

  test("93: without max_tokens an endless answer has 16", async () => {
    await bed.anyserve.reset();

    const { json } = await complete({ model: "endless" });

    expect(json.choices[0]?.finish_reason).toBe("length");
    expect(json.usage?.completion_tokens).toBe(16);
    expect((await bed.anyserve.generations())[0]?.inputs["max_tokens"]?.contents).toEqual([16]);
  });

  test("94: echo puts the prompt before the text", async () => {
    const { json } = await complete({ prompt: "a b", echo: true });

    expect(json.choices[0]?.text).toBe("a ba b");
  });

  for (const [body, param] of [
    [{ best_of: 1, n: 2 }, "best_of"],
    [{ best_of: 3, n: 2 }, "best_of"],
    [{ logprobs: 6 }, "logprobs"],
    [{ logprobs: true }, "logprobs"],
    [{ logprobs: 2 }, "logprobs"],
    [{ prompt: [] }, "prompt"],
    [{ prompt: [1, "a"] }, "prompt"],
    [{ prompt: 5 }, "prompt"],
    [{ prompt: [[]] }, "prompt"],
    [{ suffix: "the end" }, "suffix"],
    [{ n: 129 }, "n"],
    [{ max_tokens: -1 }, "max_tokens"],
    [{ temperature: 3 }, "temperature"],
    [{ prompt: Array.from({ length: 129 }, () => "x") }, "prompt"],
    [{ prompt: Array.from({ length: 65 }, () => "x"), n: 2 }, "prompt"],
  ] as const) {
    test(`95, 96: ${JSON.stringify(body).slice(0, 60)} is refused by name`, async () => {
      await bed.anyserve.reset();

      const error = expectError(await complete(body), { status: 400 });

      expect(error.param).toStartWith(param);
      expect(await bed.anyserve.generations()).toEqual([]);
    });
  }

  test("95: best_of equal to n is n", async () => {
    const { status, json } = await complete({ best_of: 2, n: 2 });

    expect(status).toBe(200);
    expect(json.choices).toHaveLength(2);
  });

  test("97: the stream has one form of chunk, a finish and [DONE]", async () => {
    const { headers, chunks } = await stream({});

    expect(headers.get("content-type")).toStartWith("text/event-stream");
    for (const chunk of chunks) {
      expect(chunk).toMatchObject({ id: chunks[0]?.id, object: "text_completion", model: "echo" });
      expect(chunk).not.toHaveProperty("usage");
    }
    expect(chunks.map((chunk) => chunk.choices)).toEqual([
      ...["a ", "b ", "c"].map((text) => [{ text, index: 0, logprobs: null, finish_reason: null }]),
      [{ text: "", index: 0, logprobs: null, finish_reason: "stop" }],
    ]);
  });

  test("97: usage comes last when it is asked for", async () => {
    const { chunks } = await stream({ stream_options: { include_usage: true } });

    expect(chunks.at(-1)).toMatchObject({ choices: [], usage: { prompt_tokens: 3, completion_tokens: 3 } });
    expect(chunks.slice(0, -1).every((chunk) => "usage" in chunk && chunk.usage === null)).toBe(true);
  });

  test("97: two streamed prompts have a finish each", async () => {
    const { chunks } = await stream({ prompt: ["a b", "c d"] });

    for (const [index, text] of ["a b", "c d"].entries()) {
      const choices = chunks.flatMap((chunk) => chunk.choices).filter((choice) => choice.index === index);
      expect(choices.map((choice) => choice.text).join("")).toBe(text);
      expect(choices.filter((choice) => choice.finish_reason !== null)).toHaveLength(1);
    }
  });

  test("97: a streamed echo begins with the prompt", async () => {
    const { chunks } = await stream({ prompt: "a b", echo: true });

    expect(chunks.map((chunk) => chunk.choices[0]?.text).join("")).toBe("a ba b");
  });

  test("97: a failure after the first token is an error frame", async () => {
    const { chunks } = await stream({ model: "failmid" });

    expect(errorOf(chunks.at(-1))).toMatchObject({ code: "upstream_error" });
    expect(chunks.slice(0, -1).map((chunk) => chunk.choices[0]?.text)).toEqual(["one ", "two "]);
  });

  test("98: max_tokens 0 with echo is the prompt alone", async () => {
    const { status, json } = await complete({ prompt: "a b", max_tokens: 0, echo: true });

    expect(status).toBe(200);
    expect(json.choices[0]?.text).toBe("a b");
    expect(json.usage).toMatchObject({ prompt_tokens: 2, completion_tokens: 0 });
  });

  test("a prompt over the context is refused under its own name", async () => {
    const answer = await complete({ model: "echo-small", prompt: "word ".repeat(100) });

    expectError(answer, { status: 400, code: "context_length_exceeded", param: "prompt" });
  });

  for (const { name, connect } of nodeGenerations) {
    test(`90, 97: ${name} completes, whole and streaming`, async () => {
      const client = connect(bed.url);

      const whole = await client.completions.create({ model: "echo", prompt: "a b" });
      let streamed = "";
      for await (const chunk of await client.completions.create({
        model: "echo",
        prompt: "a b",
        stream: true,
      })) {
        streamed += chunk.choices[0]?.text ?? "";
      }

      expect(whole.choices[0]?.text).toBe("a b");
      expect(streamed).toBe("a b");
    });
  }

  for (const generation of pythonGenerations) {
    describe(`openai-python ${generation}`, () => {
      let python: PythonClient;
      beforeAll(async () => {
        python = await startPython(generation);
      });
      afterAll(() => python.stop());

      test("90, 97: completes, whole and streaming", async () => {
        const call = { baseUrl: bed.url, call: "completions.create" };

        const whole = await python.run<CompletionBody>({
          ...call,
          arguments: { model: "echo", prompt: "a b" },
        });
        const chunks = await python.run<CompletionBody[]>({
          ...call,
          arguments: { model: "echo", prompt: "a b", stream: true },
          mode: "items",
        });

        expect(whole.choices[0]?.text).toBe("a b");
        expect(chunks.map((chunk) => chunk.choices[0]?.text).join("")).toBe("a b");
      });
    });
  }
});
