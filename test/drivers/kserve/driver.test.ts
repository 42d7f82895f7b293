import { describe, expect, test } from "bun:test";
import { Value } from "@sinclair/typebox/value";
import { ConfigError } from "../../../src/core/error.ts";
import { KserveConfig } from "../../../src/drivers/kserve/config.ts";
import { kserveDriver } from "../../../src/drivers/kserve/driver.ts";
import { memoryLog } from "../../support/calls.ts";
import { anyserveHandler } from "../../support/fake-kserve.ts";
import { startFake } from "../../support/kserve-bed.ts";

const create = (more: Partial<KserveConfig>) =>
  kserveDriver.create(
    { kind: "kserve", dialect: "anyserve", endpoint: "localhost:8000", ...more },
    { id: "gpu", log: memoryLog(), connectTimeoutMs: 1_000 },
  );

describe("the configuration", () => {
  for (const endpoint of ["localhost:8000", "gpu-a.example:1", "10.0.0.1:65535", "[::1]:8001"]) {
    test(`takes the endpoint ${endpoint}`, async () => {
      const backend = create({ endpoint });

      expect(backend.endpoint).toBe(endpoint);
      await backend.close();
    });
  }

  const bad = [
    "localhost",
    "localhost:",
    ":8000",
    "localhost:0",
    "localhost:65536",
    "http://localhost:8000",
    "a b:1",
    "::1:80",
    "localhost:80/x",
  ];
  for (const endpoint of bad) {
    test(`names the fault of the endpoint ${endpoint}`, () => {
      expect(() => create({ endpoint })).toThrow(ConfigError);
      expect(() => create({ endpoint })).toThrow(/^backends\.gpu\.endpoint must be a host and a port/);
      expect(() => create({ stream_endpoint: endpoint })).toThrow(/^backends\.gpu\.stream_endpoint must be/);
    });
  }

  const schemes: readonly [Partial<KserveConfig>, valid: boolean][] = [
    [{ endpoint: "grpcs://a:1" }, true],
    [{ endpoint: "grpcs://a:1", tls: false }, false],
    [{ endpoint: "grpc://a:1", tls: true }, false],
    [{ endpoint: "grpc://a:1", stream_endpoint: "grpcs://b:2", tls: true }, true],
    [{ endpoint: "grpcs://a:1", stream_endpoint: "grpc://b:2", tls: true }, true],
    [{ endpoint: "a:1", stream_endpoint: "grpcs://b:2" }, true],
    [{ endpoint: "a:1", stream_endpoint: "grpcs://b:2", tls: false }, false],
  ];
  for (const [settings, valid] of schemes) {
    test(`${valid ? "allows" : "finds a contradiction in"} ${JSON.stringify(settings)}`, async () => {
      if (valid) await create(settings).close();
      else expect(() => create(settings)).toThrow(/^backends\.gpu\.tls contradicts the endpoint/);
    });
  }

  const documents: readonly [object, boolean][] = [
    [{ kind: "kserve", dialect: "anyserve", endpoint: "a:1" }, true],
    [
      {
        kind: "kserve",
        dialect: "anyserve",
        endpoint: "a:1",
        template: "llama3",
        layout: "model",
        max_message_bytes: 4_194_304,
      },
      true,
    ],
    [{ kind: "kserve" }, false],
    [{ kind: "kserve", dialect: "anyserve", endpoint: "a:1", endpiont: "b:2" }, false],
    [{ kind: "kserve", dialect: "anyserve", endpoint: "a:1", template: "jinja" }, false],
    [{ kind: "kserve", dialect: "anyserve", endpoint: "a:1", max_message_bytes: 0 }, false],
  ];
  for (const [document, valid] of documents) {
    test(`${valid ? "allows" : "refuses"} ${JSON.stringify(document)}`, () => {
      expect(Value.Check(KserveConfig, document)).toBe(valid);
    });
  }
});

describe("the capabilities", () => {
  test("are those of AnyServe", async () => {
    const backend = create({});

    const capabilities = await backend.capabilities("llamacpp");

    expect(capabilities).toMatchObject({
      choices: 1,
      logprobs: false,
      // Told and checked in words.
      tools: true,
      toolChoice: false,
      json: false,
      tokenPrompts: false,
      reportsLength: false,
    });
    expect([...capabilities.sampling]).toEqual(["maxTokens", "temperature", "topP", "topK"]);
    await backend.close();
  });

  test("of the model layout have stop texts and a repeat penalty", async () => {
    const backend = create({ layout: "model" });

    const capabilities = await backend.capabilities("llamacpp");

    expect(capabilities.sampling.has("stop")).toBe(true);
    expect(capabilities.extra.has("repeat_penalty")).toBe(true);
    await backend.close();
  });
});

test("creating a backend does no I/O", async () => {
  const server = await startFake(anyserveHandler({ tokens: [] }));
  const idle = create({ endpoint: server.endpoint });
  const asked = create({ endpoint: server.endpoint });

  // By the time that this has its answer, a connection that was begun before it has been accepted as well.
  await asked.ready(new AbortController().signal);

  expect(server.connections).toBe(1);
  await Promise.all([idle.close(), asked.close()]);
});
