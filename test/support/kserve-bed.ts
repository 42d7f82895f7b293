import { afterEach } from "bun:test";
import type { Backend } from "../../src/core/generation.ts";
import type { KserveConfig } from "../../src/drivers/kserve/config.ts";
import { kserveDriver } from "../../src/drivers/kserve/driver.ts";
import { memoryLog } from "./calls.ts";
import type { MemoryLog } from "./calls.ts";
import { startFakeKserve } from "./fake-kserve.ts";
import type { FakeHandler, FakeKserve } from "./fake-kserve.ts";

/** Run, in order, after each test. */
export const closers: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0)) await close();
});

/** A fake server for one test. */
export async function startFake(handler: FakeHandler, port = 0): Promise<FakeKserve> {
  const server = await startFakeKserve(handler, port);
  closers.push(() => server.close());
  return server;
}

/** A backend for one test; of AnyServe if `config` does not say another dialect. */
export function backendFor(config: Omit<KserveConfig, "kind">, log: MemoryLog = memoryLog()): Backend {
  const backend = kserveDriver.create(
    { kind: "kserve", dialect: "anyserve", ...config },
    { id: "test", log, connectTimeoutMs: 2_000 },
  );
  closers.push(() => backend.close());
  return backend;
}

/** A backend whose stream rpc is answered by `handler`. */
export async function streaming(handler: FakeHandler, config: Partial<KserveConfig> = {}): Promise<Backend> {
  const server = await startFake(handler);
  return backendFor({ endpoint: server.endpoint, ...config });
}
