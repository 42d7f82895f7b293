import { join } from "node:path";
import type { BackendPorts } from "./backend/main.ts";
import { type RunningProcess, startAnnounced } from "./child.ts";
import { chooseCores, pinned, pinSelf } from "./cores.ts";
import type { Workload } from "./load/exchange.ts";
import { agentWorkloads } from "./measure/agent-workloads.ts";
import { measureColdStarts } from "./measure/cold-start.ts";
import { dialectStream } from "./measure/dialect-workloads.ts";
import { describeMachine } from "./measure/machine.ts";
import { modelWorkloads } from "./measure/model-workloads.ts";
import { measureOpenStreams, type StreamMemory } from "./measure/open-streams.ts";
import { type Cell, measureRounds } from "./measure/rounds.ts";
import { measureSizes } from "./measure/size.ts";
import { surfaceWorkloads } from "./measure/surface-workloads.ts";
import { workloads } from "./measure/workloads.ts";
import type { Options, Part } from "./options.ts";
import { hasProcessFigures } from "./process-figures.ts";
import type { Results } from "./results.ts";
import { startAgents, writeAgentFiles } from "./subjects/agents.ts";
import { startBare } from "./subjects/bare.ts";
import { portOf, startDialects } from "./subjects/dialects.ts";
import { startDirect } from "./subjects/direct.ts";
import { startOaiServe } from "./subjects/gateway.ts";
import { startModels } from "./subjects/models.ts";
import { hasPythonStack, startPythonStack } from "./subjects/python-stack.ts";
import type { Subject } from "./subjects/subject.ts";
import { startSurfaces } from "./subjects/surfaces.ts";

export interface RunOptions extends Options {
  root: string;
  /** For the processes to work in. */
  directory: string;
  /** A copy of the binary. */
  executable: string;
}

/** What all measurements share. */
interface Bench {
  options: RunOptions;
  backend: RunningProcess;
  ports: BackendPorts;
  gateway: { executable: string; directory: string; core: string | undefined };
  notes: string[];
}

/** Measures everything, telling on standard error how far it is. Rejects when any answer was wrong. */
export async function run(options: RunOptions): Promise<Results> {
  const { directory, executable, rounds, seconds } = options;
  const has = (part: Part) => options.parts.includes(part);
  const cores = chooseCores();
  progress("size of the executable");
  const sizes = await measureSizes(executable, options.quick);
  progress(`${options.coldStarts} cold starts`);
  const coldStartMs = await measureColdStarts({ executable, directory }, options.coldStarts);
  const agentStartMs = has("agents") ? await measureAgentStarts(options) : [];

  // From here on this process is the load.
  pinSelf(cores.load);
  const backend = await startAnnounced(
    { command: pinned([process.execPath, join(import.meta.dir, "backend/main.ts")], cores.load), directory },
    /^(\{.*\})$/m,
  );
  const ports: BackendPorts = JSON.parse(backend.found);
  const gateway = { executable, directory, core: cores.measured };
  const bench: Bench = { options, backend: backend.child, ports, gateway, notes: [] };
  const streams = has("servers") ? await measureMemory(bench) : [];
  const cells = [
    ...(has("servers") ? await measureServers(bench) : []),
    ...(has("dialects") ? await measure(bench, [dialectStream], await startDialects(ports, gateway)) : []),
    ...(has("agents") ? await measure(bench, agentWorkloads, [await startAgents(ports, gateway)]) : []),
    ...(has("models") ? await measure(bench, modelWorkloads, [await startModels(ports, gateway)]) : []),
    ...(has("surfaces") ? await measure(bench, surfaceWorkloads, [await startSurfaces(ports, gateway)]) : []),
  ];
  await backend.child.stop();
  return {
    at: new Date().toISOString(),
    quick: options.quick,
    rounds,
    seconds,
    machine: await describeMachine(options.root, cores.measured !== undefined),
    notes: bench.notes,
    cells,
    coldStartMs,
    agentStartMs,
    streams,
    sizes,
  };
}

async function measureAgentStarts({ executable, directory, coldStarts }: RunOptions): Promise<number[]> {
  progress(`${coldStarts} cold starts with agent files`);
  const agentFiles = [writeAgentFiles(directory)];
  return await measureColdStarts({ executable, directory, agentFiles }, coldStarts);
}

async function measureMemory({ options, ports, gateway, notes }: Bench): Promise<StreamMemory[]> {
  if (!hasProcessFigures) {
    notes.push("CPU and memory were not measured: that needs Linux");
    return [];
  }
  const streams: StreamMemory[] = [];
  for (const count of options.openStreams) {
    progress(`memory of ${count} open streams`);
    streams.push(await measureOpenStreams({ ...gateway, backendPort: portOf(ports, "anyserve") }, count));
  }
  return streams;
}

/** oai-serve beside what else there is. */
async function measureServers(bench: Bench): Promise<Cell[]> {
  const { options, ports, gateway, notes } = bench;
  const { directory, core } = gateway;
  const streamPort = portOf(ports, "anyserve");
  const subjects: Subject[] = [
    await startDirect(streamPort, core),
    await startBare(directory, core),
    await startOaiServe({ ...gateway, backendPort: ports.unary }, "infer"),
    await startOaiServe({ ...gateway, backendPort: streamPort }, "stream"),
  ];
  if (options.pythonStack && hasPythonStack()) {
    subjects.push(await startPythonStack(directory, streamPort, core));
  } else {
    notes.push(pythonNote(options.pythonStack));
  }
  return await measure(bench, workloads, subjects);
}

async function measure(
  { options, backend }: Bench,
  asked: readonly Workload[],
  subjects: readonly Subject[],
): Promise<Cell[]> {
  const { rounds, seconds, quick } = options;
  if (!quick) progress("warm-up");
  try {
    return await measureRounds({
      rounds,
      seconds,
      quick,
      workloads: asked,
      subjects,
      backendPid: backend.pid,
      onCell: ({ round, workload, subject }) =>
        progress(`round ${round + 1} of ${rounds}: ${workload}: ${subject}`),
    });
  } finally {
    await Promise.all(subjects.map((subject) => subject.stop()));
  }
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
