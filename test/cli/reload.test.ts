import { describe, expect, test } from "bun:test";
import { createReload, type ReloadSteps } from "../../src/cli/reload.ts";
import { ConfigError } from "../../src/core/error.ts";
import { turns, until } from "../support/sources.ts";
import { memoryLog } from "../support/calls.ts";

/** Steps that note themselves; each build waits for a `release`. */
function scriptedSteps(changes: Partial<ReloadSteps<number>> = {}) {
  const calls: string[] = [];
  const waiting: (() => void)[] = [];
  let builds = 0;
  const log = memoryLog();
  const steps: ReloadSteps<number> = {
    async build() {
      builds++;
      const built = builds;
      calls.push(`build ${built}`);
      await new Promise<void>((resolve) => waiting.push(resolve));
      return built;
    },
    async probe(next) {
      calls.push(`probe ${next}`);
    },
    swap: (next) => void calls.push(`swap ${next}`),
    async discard(next) {
      calls.push(`discard ${next}`);
    },
    begun: () => void calls.push("begun"),
    ended: () => void calls.push("ended"),
    log,
    ...changes,
  };
  const release = async () => {
    await until(() => waiting.length > 0);
    waiting.shift()?.();
  };
  return { reload: createReload(steps), calls, log, release };
}

describe("a reload", () => {
  test("builds, probes, then swaps", async () => {
    const { reload, calls, release } = scriptedSteps();

    reload.request("SIGHUP");
    await release();
    await until(() => calls.includes("ended"));

    expect(calls).toEqual(["begun", "build 1", "probe 1", "swap 1", "ended"]);
  });

  test("that is asked for while one runs comes after it, once", async () => {
    const { reload, calls, release } = scriptedSteps();

    reload.request("SIGHUP");
    reload.request("SIGHUP");
    reload.request("SIGHUP");
    await release();
    await release();
    await until(() => calls.includes("ended"));

    expect(calls).toEqual(["begun", "build 1", "probe 1", "swap 1", "build 2", "probe 2", "swap 2", "ended"]);
  });

  test("of a wrong configuration changes nothing and names every problem", async () => {
    const { reload, calls, log } = scriptedSteps({
      build: () =>
        Promise.reject(
          new ConfigError("2 problems in the configuration:\n  a.yaml: x: no.\n  a.yaml: y: no."),
        ),
    });

    reload.request("SIGHUP");
    await until(() => calls.includes("ended"));

    expect(calls).toEqual(["begun", "ended"]);
    expect(log.lines).toEqual([
      "info Reloading the configuration: SIGHUP",
      "error ✗ The configuration was not reloaded; the one before stays",
      "error   2 problems in the configuration:",
      "error   a.yaml: x: no.",
      "error   a.yaml: y: no.",
    ]);
  });

  test("that failed does not keep the next from succeeding", async () => {
    let isBroken = true;
    const { reload, calls } = scriptedSteps({
      build: () => (isBroken ? Promise.reject(new ConfigError("a.yaml: no.")) : Promise.resolve(7)),
    });

    reload.request("SIGHUP");
    await until(() => calls.includes("ended"));
    isBroken = false;
    reload.request("SIGHUP");
    await until(() => calls.filter((call) => call === "ended").length === 2);

    expect(calls).toContain("swap 7");
  });

  test("is given up when the server stops meanwhile", async () => {
    const { reload, calls, release } = scriptedSteps();

    reload.request("SIGHUP");
    reload.stop();
    await release();
    await until(() => calls.includes("discard 1"));
    reload.request("SIGHUP");
    await turns(3);

    expect(calls).toEqual(["begun", "build 1", "probe 1", "discard 1"]);
  });
});
