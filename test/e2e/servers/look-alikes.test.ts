import { describeBlackBox } from "../../support/prerequisites.ts";
import { type LookAlikeModel, startLookAlike } from "../../support/kserve/look-alike.ts";
import { describeModels, type ServerUnderTest } from "./describe-models.ts";

async function start(models: readonly LookAlikeModel[]) {
  const server = await startLookAlike({ models });
  return {
    ...server,
    async cancelled() {
      await server.cancelled(1);
      await server.reset();
    },
  };
}

const servers: readonly [string, ServerUnderTest][] = [
  [
    "Triton",
    {
      start: () =>
        start([
          { dialect: "vllm" },
          { dialect: "trtllm" },
          { dialect: "trtllm-bls", accumulate: true },
          { dialect: "llmapi" },
          { dialect: "generic" },
          { dialect: "mock" },
          { dialect: "preprocessing" },
          { dialect: "classifier" },
        ]),
      models: [
        { name: "vllm_model", dialect: "vllm", isConstrained: true },
        { name: "ensemble", dialect: "trtllm", isConstrained: true },
        { name: "tensorrt_llm_bls", dialect: "trtllm", isConstrained: true },
        { name: "tensorrt_llm", dialect: "llmapi" },
        { name: "generic", dialect: "generic" },
        { name: "mock_llm", dialect: "generic" },
      ],
    },
  ],
  [
    "Triton of an older release",
    {
      start: () => start([{ dialect: "vllm-old" }, { dialect: "trtllm-unary" }]),
      models: [
        {
          name: "vllm_model",
          dialect: "vllm",
          isConstrained: true,
          settings: { structured_outputs: "guided_decoding" },
        },
        { name: "ensemble", dialect: "trtllm", isWhole: true, isConstrained: true },
      ],
    },
  ],
  [
    "Dynamo",
    {
      start: () => start([{ dialect: "dynamo" }]),
      isNamed: true,
      models: [{ name: "Qwen/Qwen3-0.6B", dialect: "dynamo" }],
    },
  ],
  [
    "MLServer",
    {
      start: () => start([{ dialect: "mlserver" }, { dialect: "mlserver-hf" }]),
      models: [
        { name: "text-model", dialect: "mlserver" },
        { name: "transformer", dialect: "mlserver", isWhole: true, isSilentOnLength: true },
      ],
    },
  ],
  [
    "OVMS",
    {
      start: () => start([{ dialect: "ovms" }]),
      isNamed: true,
      models: [{ name: "python_model", dialect: "ovms" }],
    },
  ],
  [
    "KServe's Python server",
    {
      start: () => start([{ dialect: "kserve-python" }]),
      isNamed: true,
      models: [{ name: "text-model", dialect: "generic", isWhole: true, isSilentOnLength: true }],
    },
  ],
];

describeBlackBox("Look-alikes of model servers", () => {
  for (const [name, server] of servers) describeModels(name, server);
});
