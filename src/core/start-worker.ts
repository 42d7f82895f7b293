/**
 * Starts a thread from an entry point of ours, named by its path below `src/`. `scripts/build` must list it: an
 * executable can only start what it holds.
 */
export function startWorker(entry: string): Worker {
  // In an executable an entry is named relative to the folder that all entries share.
  const source = Bun.isStandaloneExecutable ? `./${entry}` : new URL(`../${entry}`, import.meta.url);
  return new Worker(source, { smol: true });
}
