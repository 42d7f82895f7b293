import { describe, expect, test } from "bun:test";
import { Value } from "@sinclair/typebox/value";
import { DetokenizeResponse, TokenizeResponse } from "../../../src/api/tokenize/schema.ts";
import { startApp } from "../../support/app.ts";
import { scripted } from "../../support/scripted.ts";

// Each character is a token here, and its own id.
const hi = { count: 2, max_model_len: null, tokens: [72, 105], token_strs: null };
const known = { models: [{ id: "scripted", ownedBy: "tests", contextTokens: 4_096 }] };

for (const path of ["/v1/tokenize", "/tokenize"]) {
  test(`${path} gives a text's tokens`, async () => {
    await using app = startApp([scripted([])]);

    const response = await app.post(path, { model: "scripted", prompt: "Hi" });
    const body: unknown = await response.json();

    expect(response.status).toBe(200);
    expect(response.headers.get("content-type")).toStartWith("application/json");
    expect(body).toEqual(hi);
    expect(Value.Check(TokenizeResponse, body)).toBe(true);
  });
}

for (const path of ["/v1/detokenize", "/detokenize"]) {
  test(`${path} gives the tokens' text`, async () => {
    await using app = startApp([scripted([])]);

    const response = await app.post(path, { model: "scripted", tokens: [72, 105] });
    const body: unknown = await response.json();

    expect(body).toEqual({ prompt: "Hi" });
    expect(Value.Check(DetokenizeResponse, body)).toBe(true);
  });
}

for (const [name, body, expected] of [
  ["without a model the default is meant", { prompt: "Hi" }, hi],
  ["an empty text has no tokens", { prompt: "" }, { ...hi, count: 0, tokens: [] }],
  [
    "each token's text is given on request",
    { prompt: "Hi", return_token_strs: true },
    { ...hi, token_strs: ["H", "i"] },
  ],
  [
    "fields of vLLM's are taken",
    { prompt: "Hi", add_special_tokens: false, add_generation_prompt: true },
    hi,
  ],
  [
    "a conversation is its texts, one a line",
    {
      messages: [
        { role: "user", content: "H" },
        { role: "assistant", content: null },
        { role: "user", content: [{ type: "text", text: "i" }, { type: "image_url" }] },
      ],
    },
    { ...hi, count: 4, tokens: [72, 10, 10, 105] },
  ],
] as const) {
  test(name, async () => {
    await using app = startApp([scripted([])]);

    const response = await app.post("/tokenize", body);

    expect(await response.json()).toEqual(structuredClone(expected));
  });
}

test("a known context length is told", async () => {
  await using app = startApp([scripted([], known)]);

  const response = await app.post("/tokenize", { model: "scripted", prompt: "Hi" });

  expect(await response.json()).toMatchObject({ max_model_len: 4_096 });
});

test("many tokens are told whole", async () => {
  await using app = startApp([scripted([])]);
  const prompt = "0123456789".repeat(5_000);

  const response = await app.post("/tokenize", { prompt });
  const { count, tokens }: { count: number; tokens: number[] } = JSON.parse(await response.text());

  expect(count).toBe(50_000);
  expect(String.fromCharCode(...tokens)).toBe(prompt);
});

describe("is refused:", () => {
  for (const [name, path, body, status, param, code] of [
    ["neither text nor messages", "/tokenize", {}, 400, "prompt", "missing_required_parameter"],
    ["a text that is a number", "/tokenize", { prompt: 5 }, 400, "prompt", "invalid_type"],
    ["no messages", "/tokenize", { messages: [] }, 400, "messages", "empty_array"],
    [
      "a model that is not there",
      "/tokenize",
      { model: "none", prompt: "x" },
      404,
      "model",
      "model_not_found",
    ],
    [
      "too many tokens to spell out",
      "/tokenize",
      { prompt: "x".repeat(16_385), return_token_strs: true },
      400,
      "return_token_strs",
      "invalid_value",
    ],
    ["no tokens", "/detokenize", {}, 400, "tokens", "missing_required_parameter"],
    ["a token in words", "/detokenize", { tokens: ["a"] }, 400, "tokens[0]", "invalid_type"],
    ["a negative token", "/detokenize", { tokens: [-1] }, 400, "tokens[0]", "integer_below_min_value"],
  ] as const) {
    test(name, async () => {
      await using app = startApp([scripted([])]);

      const response = await app.post(path, body);

      expect(response.status).toBe(status);
      expect(await response.json()).toMatchObject({ error: { param, code } });
    });
  }
});
