/** Work that waits, by the name of its lane. */
export interface Lanes<Job> {
  add(lane: string, job: Job): void;
  /** Resolves once nothing waits or runs. */
  idle(): Promise<void>;
}

export interface LaneOptions<Job> {
  /** Lanes that run at once. */
  maxRunning: number;
  /** Jobs of one run. */
  maxTogether: number;
  /** Does jobs of one lane, in their order. Must not reject. */
  run: (jobs: readonly Job[]) => Promise<void>;
}

/** Lanes run at once, the jobs of one lane together as far as they have come when it is its turn. */
export function createLanes<Job>({ maxRunning, maxTogether, run }: LaneOptions<Job>): Lanes<Job> {
  const waiting = new Map<string, Job[]>();
  const running = new Map<string, Promise<void>>();

  const start = () => {
    for (const [lane, jobs] of waiting) {
      if (running.size >= maxRunning) return;
      if (running.has(lane)) continue;
      const together = jobs.splice(0, maxTogether);
      // What is left goes to the end: no lane keeps the others waiting.
      waiting.delete(lane);
      if (jobs.length > 0) waiting.set(lane, jobs);
      running.set(lane, runLane(lane, together));
    }
  };
  const runLane = async (lane: string, jobs: readonly Job[]) => {
    await run(jobs);
    running.delete(lane);
    start();
  };

  return {
    add(lane, job) {
      const jobs = waiting.get(lane);
      if (jobs === undefined) waiting.set(lane, [job]);
      else jobs.push(job);
      start();
    },
    async idle() {
      while (running.size > 0) await Promise.all(running.values());
    },
  };
}
