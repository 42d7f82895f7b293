import { describe, expect, test } from "bun:test";
import { ServeError } from "../../../src/core/error.ts";
import type { EmbeddingRequest } from "../../../src/core/generation.ts";
import { startApp } from "../../support/app.ts";
import { finish, text } from "../../support/events.ts";
import { rejection } from "../../support/rejection.ts";
import { scripted, type ScriptedOptions } from "../../support/scripted.ts";

const path = "/v1/embeddings";
const vector = new Float32Array([0.5, -1, 2, 0.25]);

function embedder(seen: EmbeddingRequest[] = [], options: ScriptedOptions = {}) {
  return scripted([], {
    embed: async (request) => {
      seen.push(request);
      return { vectors: request.inputs.map(() => vector) };
    },
    ...options,
    capabilities: { embeddings: { dimensions: true }, ...options.capabilities },
  });
}

test("a text is answered with its vector", async () => {
  await using app = startApp([embedder()]);

  const response = await app.post(path, { model: "scripted", input: "four" });

  expect(response.status).toBe(200);
  expect(response.headers.get("content-type")).toStartWith("application/json");
  expect(response.headers.get("x-request-id")).toStartWith("req_");
  expect(await response.json()).toEqual({
    object: "list",
    data: [{ object: "embedding", index: 0, embedding: [0.5, -1, 2, 0.25] }],
    model: "scripted",
    usage: { prompt_tokens: 4, total_tokens: 4 },
  });
});

for (const alias of ["/embeddings", "/v1/embeddings/", "//v1/embeddings"]) {
  test(`${alias} is the same`, async () => {
    await using app = startApp([embedder()]);

    const response = await app.post(alias, { model: "scripted", input: "four" });

    expect(await response.json()).toMatchObject({ object: "list" });
  });
}

test("the backend's own count of the prompt is the usage", async () => {
  const backend = embedder([], { embed: async () => ({ vectors: [vector], promptTokens: 11 }) });
  await using app = startApp([backend]);

  const response = await app.post(path, { model: "scripted", input: "four" });

  expect(await response.json()).toMatchObject({ usage: { prompt_tokens: 11, total_tokens: 11 } });
});

test("dimensions reach a backend that can choose them", async () => {
  const seen: EmbeddingRequest[] = [];
  await using app = startApp([embedder(seen)]);

  await app.post(path, { model: "scripted", input: "four", dimensions: 4 });

  expect(seen[0]?.dimensions).toBe(4);
});

test("fields without effect are named in a header", async () => {
  await using app = startApp([embedder()]);

  const response = await app.post(path, { model: "scripted", input: "x", user: "me", input_type: "query" });

  expect(response.headers.get("x-oai-serve-ignored-params")).toBe("input_type");
});

describe("is refused:", () => {
  for (const [name, body, param, code] of [
    ["a format that is none", { encoding_format: "hex" }, "encoding_format", "invalid_value"],
    ["no dimensions at all", { dimensions: 0 }, "dimensions", "integer_below_min_value"],
    ["dimensions in words", { dimensions: "4" }, "dimensions", "invalid_type"],
    ["a model that is no name", { model: 5 }, "model", "invalid_type"],
    ["an empty text", { input: "" }, "input", "invalid_value"],
    ["no input", { input: null }, "input", "missing_required_parameter"],
  ] as const) {
    test(name, async () => {
      await using app = startApp([embedder()]);

      const response = await app.post(path, { model: "scripted", input: "x", ...body });

      expect(response.status).toBe(400);
      expect(await response.json()).toMatchObject({ error: { param, code, type: "invalid_request_error" } });
    });
  }

  test("dimensions that the backend cannot choose", async () => {
    await using app = startApp([embedder([], { capabilities: { embeddings: { dimensions: false } } })]);

    const response = await app.post(path, { model: "scripted", input: "x", dimensions: 2 });

    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({
      error: { param: "dimensions", code: "unsupported_parameter" },
    });
  });

  test("a model that only generates", async () => {
    await using app = startApp([scripted([[text("hi")], [finish()]])]);

    const response = await app.post(path, { model: "scripted", input: "x" });

    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({ error: { param: "model" } });
  });

  test("a model that is not there", async () => {
    await using app = startApp([embedder()]);

    const response = await app.post(path, { model: "none", input: "x" });

    expect(response.status).toBe(404);
    expect(await response.json()).toMatchObject({ error: { param: "model", code: "model_not_found" } });
  });
});

describe("the backend's failure is a status:", () => {
  for (const [name, embed, status] of [
    ["no answer", () => Promise.reject(new ServeError("unavailable", "Not there.")), 503],
    ["a vector too few", async () => ({ vectors: [vector] }), 502],
    ["what is not a number", async () => ({ vectors: [vector, new Float32Array([1, 2, 3, NaN])] }), 502],
  ] as const satisfies readonly (readonly [string, ScriptedOptions["embed"], number])[]) {
    test(name, async () => {
      await using app = startApp([embedder([], { embed })]);

      const response = await app.post(path, { model: "scripted", input: ["a", "b"] });

      expect(response.status).toBe(status);
      expect(await response.json()).toMatchObject({ error: { type: "server_error" } });
    });
  }
});

test("an answer of many megabytes arrives whole", async () => {
  const large = Float32Array.from({ length: 4_096 }, (_, at) => Math.fround(Math.sin(at)));
  const backend = embedder([], {
    embed: async ({ inputs }) => ({ vectors: inputs.map(() => large), promptTokens: 1 }),
  });
  await using app = startApp([backend]);

  const response = await app.post(path, {
    model: "scripted",
    input: Array.from({ length: 256 }, () => "x"),
    encoding_format: "base64",
  });
  const { data }: { data: { index: number; embedding: string }[] } = JSON.parse(await response.text());

  const expected = Buffer.from(large.buffer).toString("base64");
  expect(data.map(({ index }) => index)).toEqual(Array.from({ length: 256 }, (_, at) => at));
  expect(data.every(({ embedding }) => embedding === expected)).toBe(true);
});

test("a client that leaves aborts the backend's call", async () => {
  const called = Promise.withResolvers<AbortSignal>();
  const backend = embedder([], {
    embed: async (_, { signal }) => {
      called.resolve(signal);
      return await Promise.withResolvers<never>().promise;
    },
  });
  await using app = startApp([backend]);
  const controller = new AbortController();

  const answer = rejection(app.post(path, { model: "scripted", input: "x" }, { signal: controller.signal }));
  const signal = await called.promise;
  const aborted = new Promise((resolve) => signal.addEventListener("abort", resolve, { once: true }));
  controller.abort();

  await aborted;
  expect(signal.reason).toMatchObject({ kind: "canceled" });
  expect(await answer).toMatchObject({ name: "AbortError" });
});
