import { startBackend } from "./server.ts";

/** What the process writes, once it listens. */
export interface BackendPorts {
  /** Has both rpcs, as an AnyServe worker. */
  stream: number;
  /** Has the unary rpc only, as an AnyServe dispatcher. */
  unary: number;
}

const ports: BackendPorts = {
  stream: startBackend({ hasStreamRpc: true }).port,
  unary: startBackend({ hasStreamRpc: false }).port,
};
process.stdout.write(`${JSON.stringify(ports)}\n`);
