import { describeBlackBox } from "../../support/prerequisites.ts";
import { describeServer } from "../../support/servers/describe-server.ts";
import { type ServerKind, startServer } from "../../support/servers/servers.ts";
import { describeModels, type ServerUnderTest } from "./describe-models.ts";

async function start(kind: ServerKind) {
  const server = await startServer(kind);
  let cancelledBefore = 0;
  return {
    ...server,
    async cancelled() {
      cancelledBefore++;
      return await server.waitFor({ outcome: "cancelled" }, { count: cancelledBefore });
    },
  };
}

const servers: readonly [ServerKind, string, ServerUnderTest][] = [
  [
    "triton",
    "Triton",
    {
      start: () => start("triton"),
      models: [
        { name: "vllm_model", dialect: "vllm", isConstrained: true },
        { name: "tensorrt_llm_bls", dialect: "trtllm", isConstrained: true },
        { name: "ensemble", dialect: "trtllm", isDeaf: true, isConstrained: true },
        { name: "python_text", dialect: "generic", isWhole: true, isSilentOnLength: true },
      ],
    },
  ],
  [
    "mlserver",
    "MLServer",
    {
      start: () => start("mlserver"),
      models: [
        { name: "text", dialect: "mlserver" },
        {
          name: "transformer",
          dialect: "mlserver",
          isWhole: true,
          isSilentOnLength: true,
          isUntold: true,
          settings: { tensors: { prompt: "args", text: "output" } },
        },
      ],
    },
  ],
  [
    "kserve",
    "KServe's Python server",
    {
      start: () => start("kserve"),
      isNamed: true,
      models: [{ name: "text", dialect: "generic", isWhole: true, isSilentOnLength: true }],
    },
  ],
];

describeBlackBox("Real model servers", () => {
  for (const [kind, name, server] of servers) describeServer(kind, name, () => describeModels(name, server));
});
