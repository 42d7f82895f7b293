/** What is held against a schema: it cannot be compiled, not in time, or a check against it took too long. */
export type Verdict = { kind: "broken"; reason: string } | { kind: "late" } | { kind: "slow" };

/** What became of schemas, by their keys; of the last 1,024 that something is held against. */
export interface Verdicts {
  of(key: string): Verdict | undefined;
  add(key: string, verdict: Verdict): void;
}

const maxKept = 1_024;

/** That a schema took too long may be the machine's fault: it is forgotten after `slowMs`. */
export function createVerdicts(slowMs: number): Verdicts {
  const kept = new Map<string, { verdict: Verdict; until: number }>();
  return {
    of(key) {
      const found = kept.get(key);
      if (found === undefined || performance.now() < found.until) return found?.verdict;
      kept.delete(key);
      return undefined;
    },
    add(key, verdict) {
      kept.delete(key);
      kept.set(key, {
        verdict,
        until: verdict.kind === "broken" ? Infinity : performance.now() + slowMs,
      });
      const [oldest] = kept.keys();
      if (kept.size > maxKept && oldest !== undefined) kept.delete(oldest);
    },
  };
}
