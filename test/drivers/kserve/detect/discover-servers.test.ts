import { afterAll, beforeAll, expect, test } from "bun:test";
import { detectDialect } from "../../../../src/drivers/kserve/detect/detect-dialect.ts";
import { describeModel, describeServer } from "../../../../src/drivers/kserve/detect/describe.ts";
import { discover } from "../../../../src/drivers/kserve/detect/discover.ts";
import type { Discovery } from "../../../../src/drivers/kserve/detect/discover.ts";
import { createGrpcJsTransport } from "../../../../src/drivers/kserve/transport/grpc-js.ts";
import type { Transport } from "../../../../src/drivers/kserve/transport/transport.ts";
import { describePython } from "../../../support/prerequisites.ts";
import { startLookAlike } from "../../../support/kserve/look-alike.ts";
import type { LookAlikeDialect, LookAlikeModel } from "../../../support/kserve/look-alike.ts";
import { describeServer as describeRealServer } from "../../../support/servers/describe-server.ts";
import { startServer } from "../../../support/servers/servers.ts";

const { signal } = new AbortController();

interface Running {
  endpoint: string;
  close(): Promise<void>;
}

/** Starts a server before the tests of a group; gives what reaches it. */
function serve(start: () => Promise<Running>): () => Transport {
  let running: Running | undefined;
  let transport: Transport | undefined;
  beforeAll(async () => {
    running = await start();
    const { endpoint } = running;
    const options = { endpoint, maxMessageBytes: 16_777_216, connectTimeoutMs: 5_000, keepaliveMs: 300_000 };
    transport = createGrpcJsTransport(options);
  }, 120_000);
  afterAll(async () => {
    await transport?.close();
    await running?.close();
  });
  return () => {
    if (transport === undefined) throw new Error("the server has not started");
    return transport;
  };
}

function dialectsOf({ models }: Discovery): Record<string, string> {
  return Object.fromEntries(models.map(({ profile, dialect }) => [profile.name, dialect]));
}

async function dialectOf(transport: Transport, model: string): Promise<string | undefined> {
  return detectDialect(
    await describeServer(transport, signal),
    await describeModel(transport, model, signal),
  );
}

describeRealServer("triton", "Triton itself", () => {
  const transport = serve(() => startServer("triton"));

  test("is found out: its text models with their dialects, and what else it has", async () => {
    const found = await discover(transport(), signal);

    expect(found).toMatchObject({ server: { name: "triton" }, listsModels: true });
    expect(dialectsOf(found)).toEqual({
      ensemble: "trtllm",
      python_text: "generic",
      tensorrt_llm_bls: "trtllm",
      vllm_model: "vllm",
    });
    expect(found.skipped.map(({ name }) => name)).toEqual([
      "postprocessing",
      "preprocessing",
      "tensorrt_llm",
    ]);
  });

  test("says what a model's configuration holds", async () => {
    const { config } = await describeModel(transport(), "tensorrt_llm_bls", signal);

    expect(config).toMatchObject({ backend: "python", decoupled: true });
    expect(config?.optionalInputs.has("stop_words")).toBe(true);
    expect(config?.optionalInputs.has("text_input")).toBe(false);
    expect(config?.maxBatchSize).toBeGreaterThan(0);
  });
});

describeRealServer("mlserver", "MLServer itself", () => {
  const transport = serve(() => startServer("mlserver"));

  test("is found out: its models, also one that describes no tensors", async () => {
    const found = await discover(transport(), signal);

    expect(found).toMatchObject({ server: { name: "mlserver" }, listsModels: true });
    expect(dialectsOf(found)).toMatchObject({ text: "mlserver", transformer: "mlserver" });
  });
});

describeRealServer("kserve", "the KServe model server itself", () => {
  const transport = serve(() => startServer("kserve"));

  test("has no list of its models, but describes one that is named", async () => {
    expect(await discover(transport(), signal)).toMatchObject({ listsModels: false, models: [] });
    expect(await dialectOf(transport(), "text")).toBe("generic");
  });
});

describePython("a Triton with everything", () => {
  const bystanders: LookAlikeDialect[] = ["preprocessing", "classifier", "embedding"];
  const models: LookAlikeModel[] = [
    { dialect: "vllm" },
    { dialect: "vllm-old", model: "old" },
    { dialect: "trtllm" },
    { dialect: "trtllm-bls" },
    { dialect: "trtllm-unary", model: "unary" },
    { dialect: "llmapi" },
    { dialect: "generic" },
    { dialect: "mock" },
    { dialect: "vllm", model: "loading", state: "LOADING" },
    ...bystanders.map((dialect) => ({ dialect })),
  ];
  const transport = serve(() => startLookAlike({ models }));

  test("is found out", async () => {
    const found = await discover(transport(), signal);

    expect(dialectsOf(found)).toEqual({
      vllm_model: "vllm",
      old: "vllm",
      ensemble: "trtllm",
      tensorrt_llm_bls: "trtllm",
      unary: "trtllm",
      tensorrt_llm: "llmapi",
      generic: "generic",
      mock_llm: "generic",
      embedding: "generic",
    });
    expect(found.skipped.map(({ name }) => name).toSorted()).toEqual(["classifier", "preprocessing"]);
  });
});

const single: readonly [LookAlikeDialect, model: string, dialect: string][] = [
  ["dynamo", "Qwen/Qwen3-0.6B", "dynamo"],
  ["mlserver", "text-model", "mlserver"],
  ["mlserver-hf", "transformer", "mlserver"],
  ["ovms", "python_model", "ovms"],
  ["kserve-python", "text-model", "generic"],
];
for (const [kind, model, dialect] of single) {
  describePython(`a look-alike of ${kind}`, () => {
    const transport = serve(() => startLookAlike({ models: [{ dialect: kind }] }));

    test(`has a model of dialect ${dialect}`, async () => {
      expect(await dialectOf(transport(), model)).toBe(dialect);
    });
  });
}
