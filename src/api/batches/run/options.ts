import type { Log } from "../../../core/log.ts";
import type { BodyLimits } from "../../../http/body.ts";
import type { InnerRequest } from "../../../http/handler.ts";
import type { RecordStore } from "../../../store/records.ts";

export interface RetryTimes {
  /** How often a line is asked at most. */
  tries: number;
  /** Wait before the second try; it doubles with each. */
  firstMs: number;
  mostMs: number;
}

/** How long things take, in milliseconds. */
export interface RunnerTimes {
  /** So long after its last sign of life a runner has lost its batches. */
  leaseMs: number;
  /** How often it looks after those that it runs, and gives a sign. */
  pulseMs: number;
  /** How often it looks for others. */
  pollMs: number;
  retry: RetryTimes;
}

export const standardTimes: RunnerTimes = {
  leaseMs: 10_000,
  pulseMs: 500,
  pollMs: 1_000,
  retry: { tries: 10, firstMs: 500, mostMs: 30_000 },
};

export interface RunnerOptions {
  records: RecordStore;
  /** What a client with that key would be answered. */
  ask(inner: InnerRequest): Promise<Response>;
  /** Lines at once, of all batches together. */
  concurrency: number;
  /** Of a line, as of a body over HTTP. */
  limits: BodyLimits;
  times?: RunnerTimes;
  /** Unix milliseconds. */
  now?: () => number;
  log: Log;
}
