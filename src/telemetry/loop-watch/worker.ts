/** Entry point of the thread that reports an event loop which does not turn any more. */
import { writeSync } from "node:fs";
import type { Log } from "../../core/log.ts";
import { createLog } from "../log.ts";
import { agentCell, beatCell, firstAgentCell, stepCell, type WatchdogMessage } from "./cells.ts";
import { describeBlock } from "./report.ts";

declare const self: Worker;

const lookMs = 500;
/** Shorter blocks are reported by the event loop itself, once it turns again. */
const firstReportMs = 2_000;

const names: string[] = [];

self.addEventListener("message", ({ data }: MessageEvent<WatchdogMessage>) => {
  if (data.type === "agent") names[data.index] ??= data.id;
  else watch(data.cells, createLog({ ...data, write }));
});

function watch(cells: Int32Array, log: Log): void {
  let [beats, steps] = [-1, -1];
  let turnedAt = performance.now();
  let steppedAt = turnedAt;
  let reportAfterMs = firstReportMs;
  setInterval(() => {
    const now = performance.now();
    const atWork = names.filter((_, index) => Atomics.load(cells, firstAgentCell + index) > 0);
    const beatsNow = Atomics.load(cells, beatCell);
    const stepsNow = Atomics.load(cells, stepCell);
    if (stepsNow !== steps) steppedAt = now;
    if (beatsNow !== beats || atWork.length === 0) {
      turnedAt = now;
      reportAfterMs = firstReportMs;
    }
    [beats, steps] = [beatsNow, stepsNow];
    if (now - turnedAt < reportAfterMs) return;
    reportAfterMs *= 4;
    const agent = now - steppedAt < lookMs ? undefined : names[Atomics.load(cells, agentCell) - 1];
    log.warn(
      describeBlock("has been", now - turnedAt),
      agent === undefined ? { agents: atWork.join(", ") } : { agent },
    );
  }, lookMs);
}

function write(line: string): void {
  try {
    writeSync(1, line);
  } catch {
    // A full pipe: the line is lost, as others are.
  }
}
