import type { Backend } from "../../core/generation.ts";

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
  const signal = AbortSignal.timeout(probeTimeoutMs);
  const timedOut = new Promise<false>((resolve) => {
    signal.addEventListener("abort", () => resolve(false), { once: true });
  });
  const anyReady = Promise.any(backends.map((backend) => backend.ready(signal))).then(
    () => true,
    () => false,
  );
  return await Promise.race([anyReady, timedOut]);
}
