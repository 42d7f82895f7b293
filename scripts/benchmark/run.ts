import { join } from "node:path";
import type { BackendPorts } from "./backend/main.ts";
import { startAnnounced } from "./child.ts";
import { chooseCores, pinned, pinSelf } from "./cores.ts";
import { measureColdStarts } from "./measure/cold-start.ts";
import { describeMachine } from "./measure/machine.ts";
import { measureOpenStreams, type StreamMemory } from "./measure/open-streams.ts";
import { type Cell, measureRounds } from "./measure/rounds.ts";
import { measureSizes } from "./measure/size.ts";
import { workloads } from "./measure/workloads.ts";
import type { Options } from "./options.ts";
import { hasProcessFigures } from "./process-figures.ts";
import type { Results } from "./results.ts";
import { startBare } from "./subjects/bare.ts";
import { startDirect } from "./subjects/direct.ts";
import { startOaiServe } from "./subjects/gateway.ts";
import { hasPythonStack, startPythonStack } from "./subjects/python-stack.ts";
import type { Subject } from "./subjects/subject.ts";

export interface RunOptions extends Options {
  root: string;
  /** For the processes to work in. */
  directory: string;
  /** A copy of the binary. */
  executable: string;
}

/** Measures everything, telling on standard error how far it is. Rejects when any answer was wrong. */
export async function run(options: RunOptions): Promise<Results> {
  const { directory, executable } = options;
  const cores = chooseCores();
  const notes: string[] = [];
  progress("size of the executable");
  const sizes = await measureSizes(executable, options.quick);
  progress(`${options.coldStarts} cold starts`);
  const coldStartMs = await measureColdStarts(executable, directory, options.coldStarts);

  // From here on this process is the load.
  pinSelf(cores.load);
  const backend = await startAnnounced(
    { command: pinned([process.execPath, join(import.meta.dir, "backend/main.ts")], cores.load), directory },
    /^(\{.*\})$/m,
  );
  const ports: BackendPorts = JSON.parse(backend.found);
  const gateway = { executable, directory, core: cores.measured };

  const streams: StreamMemory[] = [];
  if (hasProcessFigures) {
    for (const count of options.openStreams) {
      progress(`memory of ${count} open streams`);
      streams.push(await measureOpenStreams({ ...gateway, backendPort: ports.stream }, count));
    }
  } else {
    notes.push("CPU and memory were not measured: that needs Linux");
  }

  const subjects: Subject[] = [
    await startDirect(ports, cores.measured),
    await startBare(directory, cores.measured),
    await startOaiServe({ ...gateway, backendPort: ports.unary }, "infer"),
    await startOaiServe({ ...gateway, backendPort: ports.stream }, "stream"),
  ];
  if (options.pythonStack && hasPythonStack()) {
    subjects.push(await startPythonStack(directory, ports.stream, cores.measured));
  } else {
    notes.push(pythonNote(options.pythonStack));
  }
  const { rounds, seconds } = options;
  progress("warm-up");
  const onCell = (cell: Cell) =>
    progress(`round ${cell.round + 1} of ${rounds}: ${cell.workload}: ${cell.subject}`);
  const cells = await measureRounds({
    rounds,
    seconds,
    workloads,
    subjects,
    backendPid: backend.child.pid,
    onCell,
  });
  await Promise.all([...subjects.map((subject) => subject.stop()), backend.child.stop()]);
  return {
    at: new Date().toISOString(),
    quick: options.quick,
    rounds,
    seconds,
    machine: await describeMachine(options.root, cores.measured !== undefined),
    notes,
    cells,
    coldStartMs,
    streams,
    sizes,
  };
}

export function describeError(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

function pythonNote(wanted: boolean): string {
  return wanted
    ? "The Python stack was not measured: its environment could not be made"
    : "The Python stack was not measured: --seed-stack does";
}

function progress(text: string): void {
  process.stderr.write(`${text}\n`);
}
