import { afterAll, beforeAll, expect, test } from "bun:test";
import { expectError } from "../support/expectations.ts";
import { describeBlackBox } from "../support/prerequisites.ts";
import { type Answer, post } from "../support/wire.ts";
import { type Bed, startBed } from "./bed.ts";

interface TokenizeBody {
  count: number;
  max_model_len: number | null;
  tokens: number[];
  token_strs: string[] | null;
}

describeBlackBox("Tokens", () => {
  let bed: Bed;
  beforeAll(async () => {
    bed = await startBed();
  });
  afterAll(() => bed.stop());

  const tokenize = (body: Record<string, unknown>): Promise<Answer<TokenizeBody>> =>
    post<TokenizeBody>(`${bed.gateway.url}/tokenize`, { model: "echo", ...body });
  const detokenize = (tokens: readonly number[]): Promise<Answer<{ prompt: string }>> =>
    post(`${bed.url}/detokenize`, { model: "echo", tokens });

  for (const [model, tokens] of [
    ["echo", [9906, 11, 1917]],
    ["echo-4o", [13225, 11, 2375]],
  ] as const) {
    test(`${model} has the tokens of its own encoding`, async () => {
      const { status, json } = await tokenize({ model, prompt: "Hello, world", return_token_strs: true });

      expect(status).toBe(200);
      expect(json).toMatchObject({ count: 3, tokens, token_strs: ["Hello", ",", " world"] });
    });
  }

  test("the configured context length is told", async () => {
    const { json } = await tokenize({ model: "echo-small", prompt: "x" });

    expect(json.max_model_len).toBe(50);
  });

  test("a text that is tokenized and detokenized is the same", async () => {
    const prompt = "Hä? 😀 <|endoftext|>\n\t中文";

    const { json } = await tokenize({ prompt });

    expect((await detokenize(json.tokens)).json).toEqual({ prompt });
  });

  test("a completion counts as many tokens as there are", async () => {
    const prompt = "Once upon a time, there was a token.";

    const [{ json }, completion] = await Promise.all([
      tokenize({ prompt }),
      post<{ usage: { prompt_tokens: number } }>(`${bed.url}/completions`, { model: "echo", prompt }),
    ]);

    expect(completion.json.usage.prompt_tokens).toBe(json.count);
  });

  test("a token that the encoding does not have is refused by name", async () => {
    expectError(await detokenize([15339, 99_999_999]), {
      status: 400,
      code: "invalid_value",
      param: "tokens",
    });
  });

  test("a text of more than a million characters is refused by name", async () => {
    const answer = await tokenize({ prompt: "x".repeat(1_000_001) });

    expectError(answer, { status: 400, code: "string_above_max_length", param: "prompt" });
  });
});
