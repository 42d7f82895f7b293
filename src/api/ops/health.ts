import type { Backend } from "../../core/generation.ts";
import { within } from "../../core/within.ts";

export interface HealthDeps {
  backends: readonly Backend[];
  /** Rejects when nothing can be stored. */
  probeStore(): Promise<void>;
}

export interface Health {
  /** Whether at least one backend can serve now. */
  isHealthy(): Promise<boolean>;
  /** Whether things can be stored now. */
  isStoreWell(): Promise<boolean>;
}

const probePauseMs = 1_000;
const probeTimeoutMs = 5_000;

/** Asks every backend, and the store, at most once a second however often it is asked itself. */
export function createHealth({ backends, ...deps }: HealthDeps): Health {
  return {
    isHealthy: onceASecond(async (signal) => {
      await Promise.any(backends.map((backend) => backend.ready(signal)));
    }),
    isStoreWell: onceASecond(() => deps.probeStore()),
  };
}

/** Whether `probe` resolves, in time. */
function onceASecond(probe: (signal: AbortSignal) => Promise<void>): () => Promise<boolean> {
  let askedAt = -Infinity;
  let answer: Promise<boolean> = Promise.resolve(false);
  const succeeds = async (signal: AbortSignal) => {
    await probe(signal);
    return true;
  };
  return () => {
    if (performance.now() - askedAt > probePauseMs) {
      askedAt = performance.now();
      answer = within(probeTimeoutMs, succeeds, () => false).catch(() => false);
    }
    return answer;
  };
}
