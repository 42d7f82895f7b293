import { expect, test } from "bun:test";
import { checkBackends } from "../../src/cli/check.ts";
import { loadConfig } from "../../src/config/load.ts";
import { ServeError } from "../../src/core/error.ts";
import type { Backend } from "../../src/core/generation.ts";
import { createDemoBackend } from "../../src/drivers/demo/backend.ts";
import { drivers } from "../../src/drivers/index.ts";

const { config } = loadConfig({ flags: {}, environment: {}, terminal: false, drivers });

function fakeBackend(changes: Partial<Backend>): Backend {
  return {
    ...createDemoBackend({ id: "gpu", delayMs: 0 }),
    id: "gpu",
    kind: "kserve",
    endpoint: "gpu:8001",
    ready: () => Promise.resolve(),
    models: () =>
      Promise.resolve([{ id: "llama", ownedBy: "x", aliases: ["llamacpp"], contextTokens: 4_096 }]),
    ...changes,
  };
}

test("a backend that is ready says what it serves", async () => {
  const report = await checkBackends([fakeBackend({})], config);

  expect(report).toEqual({
    lines: [
      "✓ backend gpu (kserve at gpu:8001): ready",
      "    model llama (also llamacpp; context of 4096 tokens)",
    ],
    ok: true,
    models: [{ id: "llama", ownedBy: "x", aliases: ["llamacpp"], contextTokens: 4_096 }],
  });
});

test("one backend that is not ready is enough to fail", async () => {
  const notReady = new ServeError("unavailable", "It sleeps.", { cause: new Error("refused") });

  const report = await checkBackends(
    [fakeBackend({}), fakeBackend({ ready: () => Promise.reject(notReady) })],
    config,
  );

  expect(report.ok).toBe(false);
  expect(report.lines.at(-1)).toBe(
    "✗ backend gpu (kserve at gpu:8001): not ready: It sleeps. Error: refused",
  );
});

test("a backend that cannot say what it serves fails with the reason", async () => {
  const error = new ServeError("upstream", "The backend failed.", { cause: new Error("bad tensor") });

  const report = await checkBackends([fakeBackend({ models: () => Promise.reject(error) })], config);

  expect(report).toEqual({
    lines: [
      "✗ backend gpu (kserve at gpu:8001): ready, but it does not say what it serves: " +
        "The backend failed. Error: bad tensor",
    ],
    ok: false,
    models: [],
  });
});

test("a model that its backend does not list is pointed out", async () => {
  const models = {
    "my-model": { backend: "gpu", target: "lama", settings: {} },
    other: { backend: "gpu", target: "llamacpp", settings: {} },
  };

  const report = await checkBackends([fakeBackend({})], { ...config, models });

  expect(report.lines.at(-1)).toBe("⚠   model my-model: the backend does not list lama");
  expect(report.ok).toBe(true);
});

test("and why, if the backend knows", async () => {
  const models = { "my-model": { backend: "gpu", target: "lama", settings: {} } };
  const failing = fakeBackend({
    capabilities: () =>
      Promise.reject(new ServeError("not_found", "It is not here.", { cause: new Error("no lama") })),
  });

  const report = await checkBackends([failing], { ...config, models });

  expect(report.lines.at(-1)).toBe("⚠   model my-model: It is not here. Error: no lama");
  expect(report.ok).toBe(true);
});

test("a model that its backend lists under its public id is not", async () => {
  const models = { llama: { backend: "gpu", target: "meta/llama", settings: {} } };

  const report = await checkBackends([fakeBackend({})], { ...config, models });

  expect(report.lines).toHaveLength(2);
});

const named = { "my-model": { backend: "gpu", target: "llama", aliases: ["mine"], settings: {} } };

for (const defaultModel of ["llama", "llamacpp", "my-model", "mine", "public"]) {
  test(`the default model may be named ${defaultModel}`, async () => {
    const settings = { ...config, models: named, publicModel: "public", defaultModel };

    const report = await checkBackends([fakeBackend({})], settings);

    expect(report.ok).toBe(true);
  });
}

test("a default model that nobody serves fails, and what is served is named", async () => {
  const settings = { ...config, models: named, defaultModel: "lama" };

  const report = await checkBackends([fakeBackend({})], settings);

  expect(report.lines.at(-1)).toBe('✗ default_model "lama" is none of the models served: my-model, llama');
  expect(report.ok).toBe(false);
});

test("nothing is said of the default model while a backend does not say what it serves", async () => {
  const mute = fakeBackend({ models: () => Promise.reject(new ServeError("upstream", "It failed.")) });

  const report = await checkBackends([fakeBackend({}), mute], { ...config, defaultModel: "lama" });

  expect(report.lines.join("\n")).not.toContain("default_model");
  expect(report.ok).toBe(false);
});
