import type { Agent } from "../kit/agent.ts";

/** An agent of a file, and what its registry says of it. */
export interface LoadedAgent {
  agent: Agent;
  /** Id under which it is served; its own name unless it was registered under another. */
  id: string;
  isDefault: boolean;
  /** Answers other agents only. */
  isPrivate: boolean;
  /** Absolute path. */
  file: string;
}

/** What agent files hold, and what they are made of. */
export interface LoadedAgents {
  agents: readonly LoadedAgent[];
  /** Absolute paths of the agent files and of everything that they import, without packages. */
  modules: readonly string[];
}
