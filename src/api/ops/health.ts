import type { Backend } from "../../core/generation.ts";
import { within } from "../../core/within.ts";

export interface Health {
  /** Whether at least one backend can serve now. */
  isHealthy(): Promise<boolean>;
}

const probePauseMs = 1_000;
const probeTimeoutMs = 5_000;

/** Asks every backend, at most once a second however often it is asked itself. */
export function createHealth(backends: readonly Backend[]): Health {
  let askedAt = -Infinity;
  let answer: Promise<boolean> = Promise.resolve(false);
  return {
    isHealthy() {
      if (performance.now() - askedAt > probePauseMs) {
        askedAt = performance.now();
        answer = probe(backends);
      }
      return answer;
    },
  };
}

async function probe(backends: readonly Backend[]): Promise<boolean> {
  const anyReady = async (signal: AbortSignal) => {
    await Promise.any(backends.map((backend) => backend.ready(signal)));
    return true;
  };
  return await within(probeTimeoutMs, anyReady, () => false).catch(() => false);
}
