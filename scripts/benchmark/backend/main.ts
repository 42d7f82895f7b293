import { type FormName, forms } from "./forms.ts";
import { startBackend } from "./server.ts";

/** What the process writes, once it listens. */
export interface BackendPorts {
  /** Of each form, with the stream rpc; as AnyServe, a worker with both rpcs. */
  forms: Readonly<Record<string, number>>;
  /** Has the unary rpc only, as an AnyServe dispatcher. */
  unary: number;
}

const portOf = (form: FormName) => startBackend({ form, hasStreamRpc: true }).port;
const names = Object.keys(forms).filter((name): name is FormName => name in forms);
const ports: BackendPorts = {
  forms: Object.fromEntries(names.map((name) => [name, portOf(name)])),
  unary: startBackend({ form: "anyserve", hasStreamRpc: false }).port,
};
process.stdout.write(`${JSON.stringify(ports)}\n`);
