import type { LoadedAgent } from "../agents/load/loaded.ts";
import type { LoopWatch } from "../agents/run/environment.ts";
import type { Config } from "../config/config.ts";
import type { Log } from "../core/log.ts";

/** What the files of one configuration hold. */
export interface LoadedFiles {
  agents: readonly LoadedAgent[];
  /** Where their agents run in this process. */
  loopWatch?: LoopWatch;
  /** Lets go of the processes in which they run; their requests must have ended. */
  close?(): Promise<void>;
}

/** Agents of files, loaded anew for every configuration. */
export interface AgentFiles {
  /** Rejects with a `ConfigError` that names every file that cannot be used, and where it is wrong. */
  load(config: Pick<Config, "agents" | "log">, log: Log): Promise<LoadedFiles>;
  /**
   * Whether something that nobody caught is the doing of an agent that runs in this process, and where in its file, if
   * that can be told. Where there are agents, it is unless it was made in our own code.
   */
  faultOf(thrown: unknown): { at: string | undefined } | undefined;
  /** From now on, `onChange` is told why what was loaded last should be loaded again, where that is wanted. */
  watch(onChange: (reason: string) => void): void;
  close(): Promise<void>;
}
