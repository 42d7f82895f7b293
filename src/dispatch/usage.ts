import type { GenerationRequest, Usage } from "../core/generation.ts";
import type { TokenSource } from "../telemetry/exchange.ts";
import type { TokenCounter } from "../tokens/counter.ts";
import { encodingFor } from "../tokens/encoding.ts";
import { countPrompt, type PromptTokens } from "../tokens/prompt.ts";
import type { CallAccount } from "./backend-call.ts";
import type { EdgeTally } from "./edge.ts";
import type { ServedModel } from "./registry.ts";

/** Best first: an account is as good as its worst part. */
const sources: readonly TokenSource[] = ["backend", "edge", "tiktoken", "estimate"];

interface Total {
  usage: Usage;
  source: TokenSource;
}

export interface Account {
  /** Begins to count the prompt, in parallel with the answer; once, however often it is called. */
  expect(prompt: number, request: GenerationRequest): void;
  add(prompt: number, account: CallAccount): void;
  /** Of the prompts that are expected, as they are counted here. */
  promptTokens(): Promise<number>;
  /**
   * Prompts count once each, and once more for each repair; completions over all choices and attempts. A backend's
   * own numbers win.
   */
  total(): Promise<Total>;
}

interface PromptAccount {
  promptTokens: Promise<PromptTokens> | undefined;
  /** Of calls that were not repairs. */
  reported: Usage[];
  /** Of calls that the backend reported nothing of. */
  tallies: EdgeTally[];
  /** Of calls whose report says nothing of reasoning. */
  reasoning: EdgeTally[];
  repairs: { reported: Usage[]; promptTokens: Promise<PromptTokens>[] };
}

export function createAccount(tokens: TokenCounter, model: ServedModel, isWanted: boolean): Account {
  const prompts: PromptAccount[] = [];
  const encoding = encodingFor(model.tokenModel);

  const totalOf = async (prompt: PromptAccount): Promise<Total> => {
    const { tallies, reasoning, repairs } = prompt;
    const reports = [...prompt.reported, ...repairs.reported];
    const [reported] = prompt.reported;
    const thought = [...tallies, ...reasoning].flatMap((tally) => tally.uncountedReasoning);
    const written = tallies.flatMap((tally) => [...tally.uncounted, ...tally.uncountedReasoning]);
    const [texts, thoughts, counting, ...repaired] = await Promise.all([
      tokens.count(encoding, written),
      tokens.count(encoding, thought),
      reported === undefined ? prompt.promptTokens : undefined,
      ...repairs.promptTokens,
    ]);
    const completionTokens =
      sum(reports, (usage) => usage.completionTokens) +
      sum(tallies, (tally) => tally.tokens) +
      sum(texts.counts, itself);
    const reasoningTokens =
      sum(reports, (usage) => usage.reasoningTokens) +
      sum([...tallies, ...reasoning], (tally) => tally.reasoningTokens) +
      sum(thoughts.counts, itself);
    const isExact = [texts, ...(counting === undefined ? [] : [counting]), ...repaired].every(
      (count) => count.isExact,
    );
    const isReported = reported !== undefined && tallies.length === 0 && repaired.length === 0;
    return {
      usage: {
        promptTokens:
          (reported?.promptTokens ?? counting?.tokens ?? 0) +
          sum(repairs.reported, (usage) => usage.promptTokens) +
          sum(repaired, (count) => count.tokens),
        completionTokens,
        cachedTokens: (reported?.cachedTokens ?? 0) + sum(repairs.reported, (usage) => usage.cachedTokens),
        // The tokenizer's count of a part is not to exceed the backend's of the whole.
        reasoningTokens: Math.min(reasoningTokens, completionTokens),
      },
      source: isReported
        ? "backend"
        : !isExact
          ? "estimate"
          : texts.counts.length === 0
            ? "edge"
            : "tiktoken",
    };
  };

  return {
    expect(prompt, request) {
      prompts[prompt] ??= {
        promptTokens: isWanted ? countPrompt(tokens, encoding, request) : undefined,
        reported: [],
        tallies: [],
        reasoning: [],
        repairs: { reported: [], promptTokens: [] },
      };
    },
    add(position, { reported, tally, repair }) {
      const prompt = prompts[position];
      if (prompt === undefined) return;
      if (reported === undefined) {
        prompt.tallies.push(tally);
        if (repair !== undefined && isWanted)
          prompt.repairs.promptTokens.push(countPrompt(tokens, encoding, repair));
        return;
      }
      (repair === undefined ? prompt.reported : prompt.repairs.reported).push(reported);
      if (reported.reasoningTokens === undefined) prompt.reasoning.push(tally);
    },
    async promptTokens() {
      const counts = await Promise.all(prompts.map(async ({ promptTokens }) => (await promptTokens)?.tokens));
      return sum(counts, itself);
    },
    async total() {
      const totals = await Promise.all(prompts.map(totalOf));
      const counted = new Set(totals.map(({ source }) => source));
      const usages = totals.map(({ usage }) => usage);
      return {
        usage: {
          promptTokens: sum(usages, (usage) => usage.promptTokens),
          completionTokens: sum(usages, (usage) => usage.completionTokens),
          cachedTokens: sum(usages, (usage) => usage.cachedTokens),
          reasoningTokens: sum(usages, (usage) => usage.reasoningTokens),
        },
        source: sources.findLast((source) => counted.has(source)) ?? "backend",
      };
    },
  };
}

function sum<Item>(items: readonly Item[], numberOf: (item: Item) => number | undefined): number {
  return items.reduce((total, item) => total + (numberOf(item) ?? 0), 0);
}

function itself(number: number | undefined): number | undefined {
  return number;
}
