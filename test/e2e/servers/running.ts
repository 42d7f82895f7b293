import { afterAll, afterEach, beforeAll } from "bun:test";
import { type Gateway, type GatewayOptions, startGateway } from "../../support/harness.ts";
import { type LookAlike, type LookAlikeOptions, startLookAlike } from "../../support/kserve/look-alike.ts";

/** A thing that runs for all tests of one `describe`. */
export function shared<Thing>(
  start: () => Promise<Thing>,
  stop: (thing: Thing) => Promise<void>,
): () => Thing {
  let running: { thing: Thing } | undefined;
  beforeAll(async () => {
    running = { thing: await start() };
  }, 20_000);
  afterAll(async () => {
    if (running !== undefined) await stop(running.thing);
  });
  return () => {
    if (running === undefined) throw new Error("It has not started.");
    return running.thing;
  };
}

/** A look-alike for all tests of one `describe`. */
export function sharedServer(options: LookAlikeOptions | LookAlikeOptions["models"]): () => LookAlike {
  const all = "models" in options ? options : { models: options };
  return shared(
    () => startLookAlike(all),
    (server) => server.close(),
  );
}

/** Starts executables, each for one test. */
export function gateways(): (options: GatewayOptions) => Promise<Gateway> {
  const running: Gateway[] = [];
  afterEach(async () => {
    await Promise.all(running.splice(0).map((gateway) => gateway.stop()));
  });
  return async (options) => {
    const gateway = await startGateway(options);
    running.push(gateway);
    return gateway;
  };
}

/** A look-alike as a backend of the configuration, with further settings. */
export function kserve({ endpoint }: LookAlike, more: object = {}): object {
  return { kind: "kserve", endpoint, ...more };
}
