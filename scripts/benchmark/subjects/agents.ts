import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { BackendPorts } from "../backend/main.ts";
import { agentFileCount, agentWorkloads } from "../measure/agent-workloads.ts";
import { servedModels } from "../measure/model-workloads.ts";
import { portOf } from "./dialects.ts";
import { type GatewayOptions, startGateway } from "./gateway.ts";
import { runOverHttp, type Subject } from "./subject.ts";

/** oai-serve with agents above a model. */
export async function startAgents(
  ports: BackendPorts,
  options: Omit<GatewayOptions, "backendPort" | "models">,
): Promise<Subject> {
  const file = join(options.directory, "bench-agents.ts");
  writeFileSync(file, agents);
  const gateway = await startGateway({
    ...options,
    backendPort: portOf(ports, "vllm"),
    models: { text: servedModels.text },
    agentFiles: [file],
  });
  return {
    name: "oai-serve",
    pid: gateway.pid,
    serves: (workload) => agentWorkloads.some(({ name }) => name === workload.name),
    run: (workload, seconds) => runOverHttp(gateway.port, workload, seconds),
    stop: () => gateway.stop(),
  };
}

/** One writes what the mock model server would, a piece a token; one asks the model. */
const agents = `
import { defineAgent } from "oai-serve";
import { decodeTask, tokensOf } from ${JSON.stringify(join(import.meta.dir, "../task.ts"))};

export const writer = defineAgent({
  name: "writer",
  async *run({ userQuery }) {
    for (const token of tokensOf(decodeTask(userQuery))) yield token;
  },
});

export const relay = defineAgent({
  name: "relay",
  run: ({ generate, params }) => generate({ model: "text", params }),
});
`;

/** A folder of agents, a file each; its path. */
export function writeAgentFiles(directory: string): string {
  const folder = join(directory, "agents");
  mkdirSync(folder, { recursive: true });
  for (let index = 0; index < agentFileCount; index++) {
    writeFileSync(
      join(folder, `agent-${index}.ts`),
      `import { defineAgent, Graph, END, tool } from "oai-serve";

const shout = tool({
  name: "shout",
  description: "Says a text aloud.",
  parameters: { type: "object", properties: { text: { type: "string" } }, required: ["text"] },
  execute: ({ text }: { text: string }): string => text.toUpperCase(),
});

const graph = new Graph({ name: "steps" })
  .addNode("answer", (ctx) => { ctx.response = \`\${shout.name}: \${ctx.userQuery}\`; })
  .addEdge("answer", END);

export default defineAgent({ name: "agent-${index}", description: "One of many.", run: graph });
`,
    );
  }
  return folder;
}
