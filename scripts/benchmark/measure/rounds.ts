import type { LoadResult } from "../load/closed-loop.ts";
import type { Workload } from "../load/exchange.ts";
import { cpuSeconds, hasProcessFigures, systemCpuSeconds } from "../process-figures.ts";
import type { Subject } from "../subjects/subject.ts";

/** One measurement of one subject. Processor times in seconds, where the system tells them. */
export interface Cell extends LoadResult {
  round: number;
  workload: string;
  subject: string;
  cpu?: number;
  /** Of backend and load, which share a core. */
  loadCpu?: number;
  /** Of everything on this machine that is not part of the benchmark. */
  foreignCpu?: number;
}

export interface RoundsOptions {
  rounds: number;
  seconds: number;
  /** Only shows that everything works: nothing is warmed up, and few ask at once. */
  quick: boolean;
  workloads: readonly Workload[];
  subjects: readonly Subject[];
  backendPid: number;
  onCell(cell: Cell): void;
}

/**
 * Rounds over all subjects, side by side so that each ratio is of the same minute. The order of the subjects turns
 * from round to round. Rejects when any answer was wrong.
 */
export async function measureRounds(given: RoundsOptions): Promise<Cell[]> {
  const options = given.quick ? { ...given, workloads: given.workloads.map(lighten) } : given;
  const cells: Cell[] = [];
  if (!options.quick) await warmUp(options);
  for (let round = 0; round < options.rounds; round++) {
    for (const workload of options.workloads) {
      const serving = options.subjects.filter((subject) => subject.serves(workload));
      const first = round % serving.length;
      for (const subject of [...serving.slice(first), ...serving.slice(0, first)]) {
        if (!options.quick) await subject.run(workload, options.seconds / 3);
        const cell = {
          round,
          workload: workload.name,
          subject: subject.name,
          ...(await measure(subject, workload, options)),
        };
        cells.push(cell);
        options.onCell(cell);
      }
    }
  }
  return cells;
}

function lighten(workload: Workload): Workload {
  return { ...workload, concurrency: Math.min(workload.concurrency, 8) };
}

/** Until code is compiled, a server pays for the compiler as well: several seconds of full load. */
async function warmUp({ subjects, workloads, seconds }: RoundsOptions): Promise<void> {
  for (const workload of workloads) {
    for (const subject of subjects) if (subject.serves(workload)) await subject.run(workload, seconds);
  }
}

async function measure(subject: Subject, workload: Workload, { seconds, backendPid }: RoundsOptions) {
  if (!hasProcessFigures) return await subject.run(workload, seconds);
  const now = () => ({
    own: cpuSeconds(subject.pid),
    load: loadCpuSeconds(backendPid),
    system: systemCpuSeconds(),
  });
  const before = now();
  const result = await subject.run(workload, seconds);
  const after = now();
  const cpu = after.own - before.own;
  const loadCpu = after.load - before.load;
  return { ...result, cpu, loadCpu, foreignCpu: Math.max(0, after.system - before.system - cpu - loadCpu) };
}

function loadCpuSeconds(backendPid: number): number {
  const { user, system } = process.cpuUsage();
  return cpuSeconds(backendPid) + (user + system) / 1e6;
}
