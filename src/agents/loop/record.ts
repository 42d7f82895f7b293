import type { Usage } from "../../core/generation.ts";

/** What one run of an agent came to, for the metadata and the usage of its answer; filled while it runs. */
export interface RunRecord {
  /** Questions to models so far. */
  readonly iterations: number;
  /** Ids of the agents that were asked, in order of first use. */
  readonly agents: readonly string[];
  /** Of all models that were asked, by those agents too; undefined when none was. */
  readonly usage: Usage | undefined;
  addIteration(): void;
  addAgent(id: string): void;
  addUsage(usage: Usage): void;
}

export function createRunRecord(): RunRecord {
  const agents = new Set<string>();
  let iterations = 0;
  let usage: Usage | undefined;
  return {
    get iterations() {
      return iterations;
    },
    get agents() {
      return [...agents];
    },
    get usage() {
      return usage;
    },
    addIteration() {
      iterations++;
    },
    addAgent(id) {
      agents.add(id);
    },
    addUsage(more) {
      usage = usage === undefined ? more : sumUsage(usage, more);
    },
  };
}

export function sumUsage(one: Usage, other: Usage): Usage {
  return {
    promptTokens: one.promptTokens + other.promptTokens,
    completionTokens: one.completionTokens + other.completionTokens,
    ...sumOptional("cachedTokens", one, other),
    ...sumOptional("reasoningTokens", one, other),
  };
}

function sumOptional(
  field: "cachedTokens" | "reasoningTokens",
  one: Usage,
  other: Usage,
): Pick<Usage, typeof field> {
  if (one[field] === undefined && other[field] === undefined) return {};
  return { [field]: (one[field] ?? 0) + (other[field] ?? 0) };
}
