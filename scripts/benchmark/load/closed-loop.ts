import { voices } from "../task.ts";
import type { Caller, Workload } from "./exchange.ts";

/** Milliseconds. */
export interface Spread {
  p50: number;
  p99: number;
}

export interface LoadResult {
  /** Until the last answer was there. */
  seconds: number;
  answers: number;
  tokens: number;
  latency: Spread;
  firstToken: Spread;
}

/** Each caller asks the next thing as soon as it has its answer, until the time is over; the last are waited for. */
export async function runClosedLoop(
  callers: readonly Caller[],
  { tokens, paceMs, kind = "text" }: Workload,
  seconds: number,
): Promise<LoadResult> {
  const latencies: number[] = [];
  const firstTokens: number[] = [];
  const startedAt = performance.now();
  const until = startedAt + seconds * 1_000;
  await Promise.all(
    callers.map(async (caller, index) => {
      let askedAt = performance.now();
      for (let turn = index; turn === index || askedAt < until; turn++) {
        const { firstTokenMs } = await caller.ask({ tokens, paceMs, kind, voice: turn % voices });
        const now = performance.now();
        latencies.push(now - askedAt);
        firstTokens.push(firstTokenMs);
        askedAt = now;
      }
    }),
  );
  return {
    seconds: (performance.now() - startedAt) / 1_000,
    answers: latencies.length,
    tokens: latencies.length * tokens,
    latency: toSpread(latencies),
    firstToken: toSpread(firstTokens),
  };
}

function toSpread(values: number[]): Spread {
  const sorted = values.toSorted((a, b) => a - b);
  const at = (part: number) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? 0;
  return { p50: at(0.5), p99: at(0.99) };
}
