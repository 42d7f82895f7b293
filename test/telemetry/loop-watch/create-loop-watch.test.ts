import { afterEach, describe, expect, test } from "bun:test";
import { join } from "node:path";
import type { Log, LogFields } from "../../../src/core/log.ts";
import { createLoopWatch, type LoopWatch } from "../../../src/telemetry/loop-watch/create-loop-watch.ts";
import { childLines } from "../../support/child-lines.ts";

let loopWatch: LoopWatch | undefined;

afterEach(() => loopWatch?.close());

interface Line {
  text: string;
  fields: LogFields | undefined;
}

/** A watch, and its next line. */
function createWatch() {
  const lines: Line[] = [];
  const waiting: (() => void)[] = [];
  const log: Log = {
    debug() {},
    info() {},
    warn(text, fields) {
      lines.push({ text, fields });
      waiting.shift()?.();
    },
    error() {},
    child: () => log,
  };
  const watch = createLoopWatch({ log, thresholdMs: 40, lines: { format: "json", level: "error" } });
  loopWatch = watch;
  const next = async (): Promise<Line | undefined> => {
    if (lines.length === 0) {
      await new Promise<void>((resolve) => {
        waiting.push(resolve);
      });
    }
    return lines.shift();
  };
  return { watch, lines, next };
}

/** Holds up the event loop. */
function block(milliseconds: number): void {
  const end = performance.now() + milliseconds;
  while (performance.now() < end);
}

describe("a step", () => {
  test("that takes too long is reported with its agent", () => {
    const { watch, lines } = createWatch();
    watch.enter("innocent");

    watch.run("slow", () => block(60));

    expect(lines).toEqual([{ text: "⚠ The event loop was blocked for 0.1 s", fields: { agent: "slow" } }]);
  });

  test("gives what it gives, and throws what it throws", () => {
    const { watch } = createWatch();

    expect(watch.run("a", () => 7)).toBe(7);
    expect(() =>
      watch.run("a", () => {
        throw new RangeError("no");
      }),
    ).toThrow(RangeError);
  });

  test("around another is not blamed for that one", () => {
    const { watch, lines } = createWatch();

    watch.run("outer", () => watch.run("inner", () => block(60)));

    expect(lines.map(({ fields }) => fields)).toEqual([{ agent: "inner" }]);
  });

  test("that is always too long is not reported each time", () => {
    const { watch, lines } = createWatch();

    for (let time = 0; time < 3; time++) watch.run("slow", () => block(50));

    expect(lines).toHaveLength(1);
  });
});

describe("what is no step and holds up the loop", () => {
  test("is reported with those at work", async () => {
    const { watch, next } = createWatch();
    watch.enter("a");
    watch.enter("b");

    block(200);

    expect(await next()).toMatchObject({ fields: { agents: "a, b" } });
  });

  test("is reported with one that ended in it", async () => {
    const { watch, next } = createWatch();
    const leave = watch.enter("a");

    block(200);
    leave();

    expect(await next()).toMatchObject({ fields: { agents: "a" } });
  });
});

describe("what never ends is reported from another thread", () => {
  for (const [where, expected] of [
    ["step", { agent: "culprit" }],
    ["later", { agents: "other, culprit" }],
  ] as const) {
    test(`where it hangs in a ${where}`, async () => {
      await using child = Bun.spawn([process.execPath, join(import.meta.dir, "hang.ts"), where], {
        stdio: ["ignore", "pipe", "inherit"],
      });

      const { value: line } = await childLines(child.stdout).next();

      child.kill("SIGKILL");
      expect(JSON.parse(line ?? "")).toMatchObject({
        level: "warn",
        message: expect.stringMatching(/^⚠ The event loop has been blocked for \d\.\d s$/),
        ...expected,
      });
    }, 15_000);
  }
});
