import { Value } from "@sinclair/typebox/value";
import { describe, expect, test } from "bun:test";
import { ConfigError } from "../../../src/core/error.ts";
import { OpenaiConfig } from "../../../src/drivers/openai/config.ts";
import { openaiDriver } from "../../../src/drivers/openai/driver.ts";
import { callContext, memoryLog } from "../../support/calls.ts";
import type { UpstreamOptions } from "../../support/upstream/upstream.ts";
import { startBed } from "./support.ts";
import { failureOf } from "../../support/failure.ts";

function create(config: Partial<OpenaiConfig>, variables: Readonly<Record<string, string>> = {}) {
  return openaiDriver.create(
    { kind: "openai", ...config },
    { id: "up", log: memoryLog(), connectTimeoutMs: 100, variable: (name) => variables[name] },
  );
}

describe("the configuration of an upstream", () => {
  const key = { OPENAI_API_KEY: "k" };
  const endpoints: readonly [string, Partial<OpenaiConfig>, Readonly<Record<string, string>>, string][] = [
    ["a base URL", { base_url: "http://h:1/api/" }, {}, "http://h:1/api"],
    ["a base URL without a path", { base_url: "http://h:1" }, {}, "http://h:1/v1"],
    ["a provider", { provider: "openai" }, key, "https://api.openai.com/v1"],
    [
      "a provider elsewhere, without a key",
      { provider: "openai" },
      { OPENAI_BASE_URL: "http://h:1/" },
      "http://h:1/v1",
    ],
    ["a provider that needs no key", { provider: "ollama" }, {}, "http://127.0.0.1:11434/v1"],
    [
      "a base URL before the provider's",
      { provider: "openai", base_url: "http://h:1/x" },
      { OPENAI_BASE_URL: "http://no" },
      "http://h:1/x",
    ],
  ];
  for (const [what, config, variables, endpoint] of endpoints) {
    test(`takes ${what}`, () => {
      expect(create(config, variables).endpoint).toBe(endpoint);
    });
  }

  const wrong: readonly [string, Partial<OpenaiConfig>, RegExp][] = [
    ["neither address nor provider", {}, /^backends\.up needs a base_url or a provider\.$/],
    ["another protocol", { base_url: "grpc://h:1" }, /^backends\.up\.base_url must be/],
    ["no address", { base_url: "h" }, /^backends\.up\.base_url must be/],
    [
      "credentials in the address",
      { base_url: "http://u:secret@h" },
      /^backends\.up\.base_url must not hold (?!.*secret)/,
    ],
    ["a query", { base_url: "http://h/v1?key=secret" }, /^backends\.up\.base_url must not have (?!.*secret)/],
    [
      "a provider without its key",
      { provider: "gemini" },
      /GEMINI_API_KEY \(or GOOGLE_API_KEY\) in the environment/,
    ],
    [
      "a variable that is not set",
      { base_url: "http://h", api_key_env: "MY_KEY" },
      /^backends\.up\.api_key_env: MY_KEY is not set\.$/,
    ],
    [
      "a key among the headers",
      { base_url: "http://h", headers: { Authorization: "Bearer secret" } },
      /headers must not set authorization(?!.*secret).*api_key_env/,
    ],
  ];
  for (const [what, config, message] of wrong) {
    test(`refuses ${what}`, () => {
      expect(() => create(config)).toThrow(ConfigError);
      expect(() => create(config)).toThrow(message);
    });
  }

  const unknown: readonly [string, object][] = [
    ["a key itself", { api_key: "sk-secret" }],
    ["a key in place of a variable", { api_key_env: "sk-secret" }],
    ["a key of letters in place of a variable", { api_key_env: "AIzaSyD" }],
    ["an unknown provider", { provider: "nobody" }],
    ["an empty list of models", { models: [] }],
    ["a header that would break the protocol", { headers: { a: "x\r\ny: z" } }],
  ];
  for (const [what, config] of unknown) {
    test(`does not know ${what}`, () => {
      expect(Value.Check(OpenaiConfig, { kind: "openai", ...config })).toBe(false);
    });
  }
});

describe("the models of an upstream", () => {
  test("are those that it lists, with what it says of their size", async () => {
    const models: NonNullable<UpstreamOptions["models"]> = [
      "a",
      { id: "b", max_model_len: 10, owned_by: "vllm" },
      { id: "models/c", context_length: 20, owned_by: null },
      { id: "d", meta: { n_ctx: 30 } },
      { id: "has a space" },
      { id: 7 },
      { name: "x" },
    ];
    await using bed = await startBed(() => "hang", { upstream: { models: models } });

    expect(await bed.backend.models(new AbortController().signal)).toEqual([
      { id: "a", ownedBy: "upstream" },
      { id: "b", ownedBy: "vllm", contextTokens: 10 },
      { id: "c", ownedBy: "upstream", contextTokens: 20 },
      { id: "d", ownedBy: "upstream", contextTokens: 30 },
    ]);
  });

  test("are those that the operator named, without a question", async () => {
    await using bed = await startBed(() => "hang", { config: { models: ["x"] } });

    expect(await bed.backend.models(new AbortController().signal)).toEqual([{ id: "x", ownedBy: "test" }]);
    expect(bed.upstream.requests).toEqual([]);
  });

  test("are for agents only where they are private", () => {
    expect(create({ base_url: "http://h", private: true }).isPrivate).toBe(true);
    expect(create({ base_url: "http://h" }).isPrivate).toBeUndefined();
  });

  test("cannot be listed while nobody answers", async () => {
    const backend = create({ base_url: "http://127.0.0.1:1" });

    expect(await failureOf(backend.models(new AbortController().signal))).toMatchObject({
      kind: "unavailable",
    });
    expect(await failureOf(backend.ready(new AbortController().signal))).toMatchObject({
      kind: "unavailable",
    });
  });

  test("are told to the operator", async () => {
    await using bed = await startBed(() => "hang", {
      upstream: { models: [{ id: "a", max_model_len: 5, owned_by: "o" }] },
    });

    expect(await bed.backend.inspect?.(new AbortController().signal)).toEqual({
      listed: ["a"],
      models: [
        {
          id: "a",
          facts: [
            { name: "owned by", value: "o" },
            { name: "context", value: "5 tokens" },
          ],
        },
      ],
      skipped: [],
    });
  });

  const headers = { "content-type": "application/json" };
  const answers: readonly [string, number, unknown, boolean][] = [
    ["lists models", 200, '{"data":[]}', true],
    ["has no such path", 404, "{}", true],
    ["refuses the key", 401, "{}", false],
    ["fails", 500, "{}", false],
    ["is a page", 200, "<html>", false],
  ];
  for (const [what, status, body, isReady] of answers) {
    test(`a server that ${what} is ${isReady ? "" : "not "}ready`, async () => {
      const server = Bun.serve({
        port: 0,
        hostname: "127.0.0.1",
        fetch: () => new Response(String(body), { status, headers }),
      });
      const backend = create({ base_url: `http://127.0.0.1:${server.port}` });

      const outcome = await backend.ready(new AbortController().signal).then(
        () => true,
        () => false,
      );

      expect(outcome).toBe(isReady);
      await backend.close();
      await server.stop(true);
    });
  }
});

describe("embeddings of an upstream", () => {
  const request = {
    model: "e",
    inputs: [
      { kind: "text" as const, text: "a" },
      { kind: "text" as const, text: "b" },
    ],
    dimensions: 2,
    extra: { input_type: "query" },
  };
  const one = Buffer.from(Float32Array.of(1, 2).buffer).toString("base64");
  const usage = { prompt_tokens: 3 };

  for (const [what, data] of [
    [
      "as floats",
      [
        { index: 0, embedding: [1, 2] },
        { index: 1, embedding: [3, 4] },
      ],
    ],
    [
      "in another order",
      [
        { index: 1, embedding: [3, 4] },
        { index: 0, embedding: [1, 2] },
      ],
    ],
    ["without an index", [{ embedding: [1, 2] }, { embedding: [3, 4] }]],
    [
      "in base64",
      [
        { index: 0, embedding: one },
        { index: 1, embedding: [3, 4] },
      ],
    ],
  ] as const) {
    test(`come ${what}`, async () => {
      await using bed = await startBed(() => ({ whole: { data, usage } }));

      const result = await bed.backend.embed?.(request, callContext());

      expect(result).toEqual({ vectors: [Float32Array.of(1, 2), Float32Array.of(3, 4)], promptTokens: 3 });
      expect(bed.upstream.calls[0]).toMatchObject({
        path: "/v1/embeddings",
        body: { model: "e", input: ["a", "b"], dimensions: 2, input_type: "query" },
      });
    });
  }

  for (const [what, answer] of [
    ["one is missing", { data: [{ index: 0, embedding: [1, 2] }] }],
    [
      "one comes twice",
      {
        data: [
          { index: 0, embedding: [1] },
          { index: 0, embedding: [1] },
        ],
      },
    ],
    ["their lengths differ", { data: [{ embedding: [1, 2] }, { embedding: [3] }] }],
    ["they are no numbers", { data: [{ embedding: ["1"] }, { embedding: ["2"] }] }],
    ["there are none", {}],
  ] as const) {
    test(`fail where ${what}`, async () => {
      await using bed = await startBed(() => ({ whole: answer }));

      expect(await failureOf(Promise.resolve(bed.backend.embed?.(request, callContext())))).toMatchObject({
        kind: "upstream",
      });
    });
  }
});
