import { describe, expect, test } from "bun:test";
import { createShutdown, type Stoppable } from "../../src/cli/shutdown.ts";
import type { Log } from "../../src/core/log.ts";

const silent: Log = { debug() {}, info() {}, warn() {}, error() {}, child: () => silent };

/** A server that notes what is asked of it; `drained` ends its draining. */
function fakeServer() {
  const calls: string[] = [];
  const { promise, resolve } = Promise.withResolvers<void>();
  const server: Stoppable = {
    setReady: (ready) => calls.push(`ready ${ready}`),
    activeRequests: () => 1,
    drain: () => {
      calls.push("drain");
      return promise;
    },
    cancelAll: () => {
      calls.push("cancel");
      resolve();
    },
    stop: async () => {
      calls.push("stop");
    },
  };
  const close = async () => {
    calls.push("close");
  };
  return { calls, server, close, drained: resolve };
}

describe("stopping", () => {
  test("lets running requests end, then closes", async () => {
    const { calls, server, close, drained } = fakeServer();
    const shutdown = createShutdown({
      server,
      close,
      times: () => ({ delayMs: 1, graceMs: 60_000 }),
      log: silent,
    });

    shutdown.begin("SIGTERM", 0);
    drained();

    expect(await shutdown.done).toBe(0);
    expect(calls).toEqual(["ready false", "drain", "stop", "close"]);
  });

  test("cancels what still runs after the grace", async () => {
    const { calls, server, close } = fakeServer();
    const shutdown = createShutdown({
      server,
      close,
      times: () => ({ delayMs: 0, graceMs: 1 }),
      log: silent,
    });

    shutdown.begin("SIGTERM", 0);

    expect(await shutdown.done).toBe(0);
    expect(calls).toEqual(["ready false", "drain", "cancel", "stop", "close"]);
  });

  test("happens once, and the worse exit code wins", async () => {
    const { calls, server, close, drained } = fakeServer();
    const shutdown = createShutdown({
      server,
      close,
      times: () => ({ delayMs: 0, graceMs: 60_000 }),
      log: silent,
    });

    expect(shutdown.begun).toBe(false);
    shutdown.begin("SIGTERM", 0);
    shutdown.begin("a failure", 1);
    shutdown.begin("SIGTERM", 0);
    expect(shutdown.begun).toBe(true);
    drained();

    expect(await shutdown.done).toBe(1);
    expect(calls.filter((call) => call === "drain")).toHaveLength(1);
  });

  test("that fails exits with 1", async () => {
    const { server, drained } = fakeServer();
    const shutdown = createShutdown({
      server,
      close: () => Promise.reject(new Error("stuck")),
      times: () => ({ delayMs: 0, graceMs: 60_000 }),
      log: silent,
    });

    shutdown.begin("SIGTERM", 0);
    drained();

    expect(await shutdown.done).toBe(1);
  });
});
