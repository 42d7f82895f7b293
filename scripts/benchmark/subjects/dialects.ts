import type { BackendPorts } from "../backend/main.ts";
import type { FormName } from "../backend/forms.ts";
import type { DialectName, TensorMap } from "../../../src/drivers/kserve/dialects/dialect.ts";
import { type GatewayOptions, startGateway } from "./gateway.ts";
import { runOverHttp, type Subject } from "./subject.ts";
import { dialectStream } from "../measure/dialect-workloads.ts";

export interface DialectSubject {
  /** As the tables call it. */
  name: string;
  form: FormName;
  settings: { dialect: DialectName; tensors?: TensorMap };
}

/** Every dialect, in the form in which its servers answer, and two in both forms: only the contents differ there. */
export const dialectSubjects: readonly DialectSubject[] = [
  { name: "anyserve: typed, 2 outputs", form: "anyserve", settings: { dialect: "anyserve" } },
  { name: "generic: raw, 2 outputs", form: "generic", settings: { dialect: "generic" } },
  { name: "generic: the same typed", form: "generic typed", settings: { dialect: "generic" } },
  { name: "vllm: raw, 4 outputs", form: "vllm", settings: { dialect: "vllm" } },
  { name: "vllm: the same typed", form: "vllm typed", settings: { dialect: "vllm" } },
  { name: "trtllm: raw, 5 outputs", form: "trtllm", settings: { dialect: "trtllm" } },
  {
    name: "llmapi: raw, 2 outputs, whole text",
    form: "llmapi",
    settings: { dialect: "llmapi", tensors: { cumulative: true } },
  },
  { name: "dynamo: typed, 2 outputs", form: "dynamo", settings: { dialect: "dynamo" } },
  { name: "mlserver: typed, 1 output", form: "mlserver", settings: { dialect: "mlserver" } },
  { name: "ovms: raw, 1 output", form: "ovms", settings: { dialect: "ovms" } },
];

/** oai-serve in front of each of them, a process each: what one has learnt of a form is of no use to another. */
export async function startDialects(
  ports: BackendPorts,
  options: Omit<GatewayOptions, "backendPort" | "models">,
): Promise<Subject[]> {
  return await Promise.all(
    dialectSubjects.map(async ({ name, form, settings }) => {
      const gateway = await startGateway({
        ...options,
        backendPort: portOf(ports, form),
        models: { [dialectStream.question.model]: { ...settings, template: "plain" } },
      });
      return {
        name,
        pid: gateway.pid,
        serves: (workload) => workload.name === dialectStream.name,
        run: (workload, seconds) => runOverHttp(gateway.port, workload, seconds),
        stop: () => gateway.stop(),
      } satisfies Subject;
    }),
  );
}

export function portOf({ forms }: BackendPorts, form: FormName): number {
  const port = forms[form];
  if (port === undefined) throw new Error(`The backend has no form ${form}.`);
  return port;
}
