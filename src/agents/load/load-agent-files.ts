import { ConfigError } from "../../core/error.ts";
import { within } from "../../core/within.ts";
import { agentsOf } from "./agents-of.ts";
import { findAgentFiles } from "./find-agent-files.ts";
import { describeImportFailure } from "./import-failure.ts";
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
}

const defaultTimeoutMs = 10_000;

/**
 * Loads agent files and all that they import into this process, anew each time: agents of earlier loads keep their own
 * code. Nothing has to be installed next to them. Rejects with a `ConfigError` that names every file that cannot be
 * used, and where it is wrong. One load at a time.
 */
export async function loadAgentFiles(options: AgentFileOptions): Promise<LoadedAgents> {
  const { timeoutMs = defaultTimeoutMs } = options;
  const found = findAgentFiles(options.files);
  await provideModules(options.kit, found.files);
  forgetModules();
  const outcomes = await Promise.all(found.files.map((file) => loadFile(file, timeoutMs)));
  const agents = outcomes.flatMap((outcome) => outcome.agents);
  const distinct = withoutRepeated(agents);
  const problems = [
    ...found.problems,
    ...outcomes.flatMap((outcome) => outcome.problems),
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

async function loadFile(file: string, timeoutMs: number): Promise<Outcome> {
  const late = (): Outcome => ({
    file,
    isHung: true,
    agents: [],
    problems: [`${file}: its top-level code did not end within ${timeoutMs / 1_000} s.`],
  });
  return await within(timeoutMs, () => readFile(file), late);
}

async function readFile(file: string): Promise<Outcome> {
  let exports: Readonly<Record<string, unknown>>;
  try {
    exports = await importAgentFile(file);
  } catch (error) {
    return { file, agents: [], problems: describeImportFailure(file, error) };
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
