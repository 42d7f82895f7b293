/**
 * What one piece of work may hold the event loop up in a test. The promise is 5 ms on a machine that does nothing else;
 * here other tests and their servers run beside.
 */
export const maxTurnMs = 15;

/** The same for work on many megabytes, where collecting what it leaves takes its share. In one go it would take seconds. */
export const maxLargeTurnMs = 60;

/**
 * Longest time that other work on this thread had to wait while `work` ran, in milliseconds. A busy machine can
 * stop a process at any time, but does not do so in every round: the least of up to `rounds` is taken.
 */
export async function longestTurnMs(rounds: number, work: () => Promise<unknown>): Promise<number> {
  let least = Infinity;
  for (let round = 0; round < rounds && least > 3; round++) least = Math.min(least, await turnOf(work));
  return least;
}

async function turnOf(work: () => Promise<unknown>): Promise<number> {
  let longest = 0;
  let last = performance.now();
  const look = () => {
    const now = performance.now();
    longest = Math.max(longest, now - last - 1);
    last = now;
  };
  // A thread that sleeps between its looks is woken at once, one that never sleeps is made to wait for others.
  const timer = setInterval(look, 1);
  await work();
  clearInterval(timer);
  look();
  return longest;
}
