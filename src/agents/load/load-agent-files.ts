import { ConfigError } from "../../core/error.ts";
import { within } from "../../core/within.ts";
import { agentsOf } from "./agents-of.ts";
import { findAgentFiles } from "./find-agent-files.ts";
import { findHelpers } from "./find-helpers.ts";
import { describeImportFailure } from "./import-failure.ts";
import { keepProcess } from "./keep-process.ts";
import type { LoadedAgent, LoadedAgents } from "./loaded.ts";
import { forgetFailed, forgetModules, importAgentFile, loadedModules } from "./modules.ts";
import { provideModules } from "./provide-modules.ts";

export interface AgentFileOptions {
  /** Files and folders, as absolute paths. */
  files: readonly string[];
  /** What agent files import from "oai-serve". */
  kit: Readonly<Record<string, unknown>>;
  /** Longest wait for the top-level code of a file, in milliseconds; 10 s unless told. */
  timeoutMs?: number;
  /** Told of each file before its top-level code runs, and once it is loaded or cannot be. */
  onFile?: (file: string, state: "begun" | "done") => void;
}

const defaultTimeoutMs = 10_000;
/** A file that takes longer is not waited for by the next one. */
const headStartMs = 50;

/**
 * Loads agent files and all that they import into this process, anew each time: agents of earlier loads keep their own
 * code. Nothing has to be installed next to them. Rejects with a `ConfigError` that names every file that cannot be
 * used, and where it is wrong. One load at a time.
 */
export async function loadAgentFiles(options: AgentFileOptions): Promise<LoadedAgents> {
  const found = findAgentFiles(options.files);
  await provideModules(options.kit, found.files);
  forgetModules();
  const outcomes = await loadFiles(found.files, options);
  const agents = outcomes.flatMap((outcome) => outcome.agents);
  const distinct = withoutRepeated(agents);
  const problems = [
    ...found.problems,
    ...outcomes.flatMap((outcome) => outcome.problems),
    ...findAgentless(outcomes, found.named).map((file) => `${file}: ${noAgent}`),
    ...findDuplicates(distinct),
  ];
  if (problems.length > 0) {
    const hung = outcomes.filter(({ isHung }) => isHung === true).map(({ file }) => file);
    await forgetFailed(found.files, hung);
    throw new ConfigError([...new Set(problems)].join("\n"));
  }
  return { agents: distinct, modules: loadedModules() };
}

interface Outcome {
  file: string;
  agents: readonly LoadedAgent[];
  problems: readonly string[];
  /** Its top-level code did not end in time. */
  isHung?: boolean;
}

/** One after the other, so that it can be told whose code keeps all the others from running. */
async function loadFiles(files: readonly string[], options: AgentFileOptions): Promise<Outcome[]> {
  const restore = keepProcess();
  try {
    const loading: Promise<Outcome>[] = [];
    for (const file of files) {
      const outcome = loadFile(file, options);
      loading.push(outcome);
      await within(
        headStartMs,
        async () => void (await outcome),
        () => {},
      );
    }
    return await Promise.all(loading);
  } finally {
    restore();
  }
}

async function loadFile(file: string, options: AgentFileOptions): Promise<Outcome> {
  const { kit, timeoutMs = defaultTimeoutMs, onFile } = options;
  const late = (): Outcome => ({
    file,
    isHung: true,
    agents: [],
    problems: [`${file}: its top-level code did not end within ${timeoutMs / 1_000} s.`],
  });
  onFile?.(file, "begun");
  const outcome = await within(timeoutMs, () => readFile(file, kit), late);
  onFile?.(file, "done");
  return outcome;
}

async function readFile(file: string, kit: AgentFileOptions["kit"]): Promise<Outcome> {
  let exports: Readonly<Record<string, unknown>>;
  try {
    exports = await importAgentFile(file);
  } catch (error) {
    return { file, agents: [], problems: describeImportFailure(file, error, kit) };
  }
  try {
    return { file, agents: agentsOf(file, exports), problems: [] };
  } catch (error) {
    return {
      file,
      agents: [],
      problems: [`${file}: ${error instanceof Error ? error.message : String(error)}`],
    };
  }
}

const noAgent =
  "it exports no agent. It needs one, such as `export default defineAgent({ name, run })`, a function, a graph, a registry, or an array of agents.";

/** Files that need an agent and have none: one of a folder may be there for the others. */
function findAgentless(outcomes: readonly Outcome[], named: ReadonlySet<string>): readonly string[] {
  const isAgentless = ({ agents, problems }: Outcome) => agents.length === 0 && problems.length === 0;
  const agentless = outcomes.filter(isAgentless).map(({ file }) => file);
  const others = outcomes.filter((outcome) => !isAgentless(outcome)).map(({ file }) => file);
  const helpers = findHelpers(agentless, others);
  return agentless.filter((file) => named.has(file) || !helpers.has(file));
}

/** A file may pass on the agents of another. */
function withoutRepeated(agents: readonly LoadedAgent[]): readonly LoadedAgent[] {
  const seen = new Map<string, LoadedAgent>();
  return agents.filter((loaded) => {
    const first = seen.get(loaded.id);
    if (first === undefined) seen.set(loaded.id, loaded);
    return first?.agent !== loaded.agent;
  });
}

function findDuplicates(agents: readonly LoadedAgent[]): string[] {
  const byId = Map.groupBy(agents, ({ id }) => id);
  return [...byId]
    .filter(([, those]) => those.length > 1)
    .map(([id, those]) => {
      const files = [...new Set(those.map(({ file }) => file))];
      const [first = "", ...others] = files;
      if (others.length === 0) return `${first}: it has two agents of the name '${id}'.`;
      return `${others[0]}: agent '${id}' is in ${first} too.`;
    });
}
