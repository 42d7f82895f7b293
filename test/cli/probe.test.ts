import { expect, test } from "bun:test";
import { probeBackends } from "../../src/cli/probe-backends.ts";
import { runProbe } from "../../src/cli/probe.ts";
import { loadConfig } from "../../src/config/load.ts";
import { ServeError } from "../../src/core/error.ts";
import type { Generate } from "../../src/core/generate.ts";
import { drivers } from "../../src/drivers/index.ts";
import { memoryLog, textRequest } from "../support/calls.ts";
import { finish, text, usage } from "../support/events.ts";
import { scripted, type ScriptedOptions } from "../support/scripted.ts";

const { config } = loadConfig({ flags: {}, environment: {}, terminal: false, drivers });
const log = memoryLog();

/** A way to backends that answers every request with these words, and notes for which model. */
function answering(words: string) {
  const models: string[] = [];
  const generate: Generate = async ([request = textRequest()], context) => {
    models.push(request.model);
    const backend = scripted([[text(words)], [finish(), usage(4, 2)]]);
    return {
      model: "m",
      ignored: [],
      assumed: [],
      requests: [],
      promptTokens: async () => 4,
      events: backend.generate(request, context),
    };
  };
  return { generate, models };
}

function probe(options: ScriptedOptions, generate: Generate, model?: string) {
  const application = { backends: [scripted([], options)], generate };
  return runProbe({ endpoint: "a:1", config, application, log, ...(model !== undefined && { model }) });
}

test("a server that answers is shown with its models and a trial answer", async () => {
  const { generate, models } = answering("Hello!\u2028");

  const report = await probe({ models: [{ id: "llama", ownedBy: "x" }] }, generate);

  expect(report.ok).toBe(true);
  expect(report.lines.slice(1)).toEqual([
    "    model llama",
    expect.stringMatching(/^✓ llama answers "Hello!\\u2028" \(4\+2 tokens, stop, \d+\.\d\d s\)$/),
  ]);
  expect(models).toEqual(["llama"]);
});

test("the model that is named is the one that is tried", async () => {
  const { generate, models } = answering("Hello!");

  await probe({ models: [{ id: "llama", ownedBy: "x" }] }, generate, "other");

  expect(models).toEqual(["other"]);
});

test("a server that does not answer fails with the reason", async () => {
  const cause = new Error("no such tensor");
  const generate: Generate = () =>
    Promise.reject(new ServeError("upstream", "The backend failed.", { cause }));

  const report = await probe({}, generate);

  expect(report.ok).toBe(false);
  expect(report.lines.at(-1)).toBe("✗ scripted does not answer: The backend failed. Error: no such tensor");
});

test("a server without a model is not asked for an answer", async () => {
  const { generate, models } = answering("Hello!");

  const report = await probe({ models: [] }, generate);

  expect(report.ok).toBe(false);
  expect(report.lines.at(-1)).toBe("✗ a:1 serves no model");
  expect(models).toEqual([]);
});

test("of several backends those that are not ready are warned of", async () => {
  const warnings = memoryLog();
  const backends = [scripted([], { id: "up" }), scripted([], { id: "down", isReady: () => false })];

  await probeBackends(backends, warnings);

  expect(warnings.lines).toEqual(["warn Backend down is not ready"]);
  expect(warnings.fields.at(-1)?.["cause"]).toBeString();
});
