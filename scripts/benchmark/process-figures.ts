import { readdirSync, readFileSync } from "node:fs";

/** Resident and proportional memory in bytes. */
export interface Memory {
  rss: number;
  pss: number;
}

/** Whether this system says what a process uses. */
export const hasProcessFigures = process.platform === "linux";

/** Seconds of processor time, user and system, of a process and everything below it. */
export function cpuSeconds(pid: number): number {
  let ticks = 0;
  for (const each of processTree(pid)) {
    // The name is in parentheses and may contain anything; the third field comes after it.
    const fields = readFileSync(`/proc/${each}/stat`, "utf8").split(") ").at(-1)?.split(" ") ?? [];
    ticks += Number(fields[11]) + Number(fields[12]);
  }
  return ticks / ticksPerSecond;
}

/** Memory of a process and everything below it. */
export function memory(pid: number): Memory {
  const sum = { rss: 0, pss: 0 };
  for (const each of processTree(pid)) {
    const text = readFileSync(`/proc/${each}/smaps_rollup`, "utf8");
    sum.rss += kilobytes(text, "Rss") * 1_024;
    sum.pss += kilobytes(text, "Pss") * 1_024;
  }
  return sum;
}

/** Seconds that all processors together were busy since the system started. */
export function systemCpuSeconds(): number {
  const fields = readFileSync("/proc/stat", "utf8").split("\n")[0]?.split(/\s+/).slice(1).map(Number) ?? [];
  const [user = 0, nice = 0, system = 0, , , interrupts = 0, softInterrupts = 0, stolen = 0] = fields;
  return (user + nice + system + interrupts + softInterrupts + stolen) / ticksPerSecond;
}

/** Linux shows 100 ticks a second to programs, whatever its own clock. */
const ticksPerSecond = 100;

function processTree(pid: number): number[] {
  const children = readdirSync(`/proc/${pid}/task`).flatMap((thread) =>
    readFileSync(`/proc/${pid}/task/${thread}/children`, "utf8").split(" ").filter(Boolean).map(Number),
  );
  return [pid, ...children.flatMap(processTree)];
}

function kilobytes(text: string, name: string): number {
  return Number(new RegExp(`^${name}:\\s+(\\d+) kB`, "m").exec(text)?.[1] ?? 0);
}
