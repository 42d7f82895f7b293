import { describe, expect, test } from "bun:test";
import { createProviderBackends } from "../../../src/drivers/openai/provider-backends.ts";
import { findProvider, providerNames, providerOf } from "../../../src/drivers/openai/providers.ts";
import { callContext, memoryLog, run, textOf, textRequest } from "../../support/calls.ts";
import { startUpstream } from "../../support/upstream/upstream.ts";

const names: readonly [string, string, string][] = [
  ["gpt-4o-mini", "openai", "gpt-4o-mini"],
  ["o3-mini", "openai", "o3-mini"],
  ["o1", "openai", "o1"],
  ["text-embedding-3-small", "openai", "text-embedding-3-small"],
  ["ft:gpt-4o-mini:me::x", "openai", "ft:gpt-4o-mini:me::x"],
  ["openai/gpt-4o", "openai", "gpt-4o"],
  ["gemini-2.5-flash", "gemini", "gemini-2.5-flash"],
  ["gemini/gemini-2.5-flash", "gemini", "gemini-2.5-flash"],
  ["google/gemini-2.5-flash", "gemini", "gemini-2.5-flash"],
  ["claude-sonnet-4-5", "anthropic", "claude-sonnet-4-5"],
  ["mistral-large-latest", "mistral", "mistral-large-latest"],
  ["codestral-latest", "mistral", "codestral-latest"],
  ["deepseek-chat", "deepseek", "deepseek-chat"],
  ["grok-4", "xai", "grok-4"],
  ["groq/llama-3.3-70b", "groq", "llama-3.3-70b"],
  ["openrouter/openai/gpt-4o", "openrouter", "openai/gpt-4o"],
  ["ollama/llama3", "ollama", "llama3"],
  ["vllm/Qwen/Qwen3-8B", "vllm", "Qwen/Qwen3-8B"],
];
const unknown = [
  "llama3",
  "demo",
  "mistralai/Mistral-7B",
  "openai/",
  "/x",
  "",
  "o",
  "over-gpt-4",
  "constructor/x",
];

describe("the provider of a model", () => {
  for (const [model, provider, target] of names) {
    test(`${model} is ${provider}'s`, () => {
      expect(providerOf(model)).toMatchObject({ provider: { name: provider }, target });
    });
  }

  test("is not known for other names", () => {
    expect(unknown.filter((model) => providerOf(model) !== undefined)).toEqual([]);
  });

  test("has an address that needs no change, and a key over TLS only", () => {
    for (const name of providerNames) {
      const provider = findProvider(name);
      expect(provider?.baseUrl).toMatch(/^https?:\/\/[^/]+\/.*[^/]$/);
      const isLocal = provider?.baseUrl.startsWith("http://127.0.0.1:") === true;
      expect(provider?.isKeyOptional === true).toBe(isLocal);
    }
  });
});

function createProviders(variables: Readonly<Record<string, string>>) {
  return createProviderBackends({
    variable: (name) => variables[name],
    log: memoryLog(),
    connectTimeoutMs: 500,
  });
}

describe("providers that nobody configured", () => {
  test("answer with only a key set", async () => {
    const upstream = await startUpstream(() => ({ text: "Hi" }));
    const providers = createProviders({ GOOGLE_API_KEY: "k", GEMINI_BASE_URL: upstream.url });
    const found = providers.find("gemini-2.5-flash");
    if (found === undefined) throw new Error("no provider");

    const { batches } = await run(
      found.backend.generate(textRequest({ model: found.target }), callContext()),
    );

    expect(textOf(batches)).toBe("Hi");
    expect(found.backend.isPrivate).toBe(true);
    expect(upstream.calls[0]).toMatchObject({
      path: "/v1/chat/completions",
      headers: { authorization: "Bearer k" },
      body: { model: "gemini-2.5-flash" },
    });
    await providers.close();
    await upstream.close();
  });

  test("are one backend each", async () => {
    const providers = createProviders({ OPENAI_API_KEY: "k" });

    const [one, other] = [providers.find("gpt-4o"), providers.find("openai/o3")];
    expect(one?.backend).toBeDefined();
    expect(one?.backend === other?.backend).toBe(true);
    expect(providers.find("nobody's")).toBeUndefined();
    await providers.close();
  });

  test("without a key say which variable the operator has to set, and the client no more than that", () => {
    const providers = createProviders({ GEMINI_API_KEY: " " });

    expect(providers.missingKey("gemini-2.5-flash")).toBe(
      "'gemini-2.5-flash' needs GEMINI_API_KEY (or GOOGLE_API_KEY) in the environment.",
    );
    expect(providers.missingKey("gpt-4o-mini")).toBe(
      "'gpt-4o-mini' needs OPENAI_API_KEY in the environment.",
    );
    let thrown: unknown;
    try {
      providers.find("gemini-2.5-flash");
    } catch (error) {
      thrown = error;
    }
    expect(thrown).toMatchObject({
      kind: "unavailable",
      code: "upstream_not_configured",
      shouldRetry: false,
      cause: expect.objectContaining({ message: expect.stringContaining("GEMINI_API_KEY") }),
    });
    expect(String(thrown)).not.toContain("GEMINI");
  });

  test("behind a wrong address say so before the first request", () => {
    const providers = createProviders({ OPENAI_API_KEY: "k", OPENAI_BASE_URL: "localhost:8000" });

    expect(providers.missingKey("gpt-4o-mini")).toContain("OPENAI_BASE_URL");
    expect(() => providers.find("gpt-4o-mini")).toThrow("The provider of this agent's model is not set up");
  });

  test("need no key where they are local, or another server stands for them", () => {
    const providers = createProviders({ OPENAI_BASE_URL: "http://127.0.0.1:1/v1" });

    expect(providers.missingKey("ollama/llama3")).toBeUndefined();
    expect(providers.missingKey("gpt-4o-mini")).toBeUndefined();
    expect(providers.missingKey("llama3")).toBeUndefined();
    expect(providers.find("gpt-4o-mini")?.backend.endpoint).toBe("http://127.0.0.1:1/v1");
  });
});
