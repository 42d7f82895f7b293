import type { Log } from "../../core/log.ts";

/** The agent whose step it was; or, where that is not known, those that were at work. */
export type Blame = { agent: string } | { agents: string };

/** The same is not reported again for so long. */
const quietMs = 10_000;
const maxRemembered = 1_000;

/** Writes the line for what held up the event loop for `blockedMs`. */
export function createBlockReport(log: Log): (blockedMs: number, blame: Blame) => void {
  const remembered = new Map<string, { at: number; missed: number }>();
  return (blockedMs, blame) => {
    const key = JSON.stringify(blame);
    const now = performance.now();
    const last = remembered.get(key);
    if (last !== undefined && now - last.at < quietMs) {
      last.missed++;
      return;
    }
    remembered.delete(key);
    if (remembered.size >= maxRemembered) remembered.clear();
    remembered.set(key, { at: now, missed: 0 });
    const notLogged = last === undefined || last.missed === 0 ? undefined : last.missed;
    log.warn(describeBlock("was", blockedMs), { ...blame, notLogged });
  };
}

export function describeBlock(verb: "was" | "has been", blockedMs: number): string {
  return `⚠ The event loop ${verb} blocked for ${(blockedMs / 1_000).toFixed(1)} s`;
}
