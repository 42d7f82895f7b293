import type { GenerationRequest, Usage } from "../core/generation.ts";
import type { TokenCounter } from "../tokens/counter.ts";
import { encodingFor } from "../tokens/encoding.ts";
import { countPrompt } from "../tokens/prompt.ts";
import type { EdgeTally } from "./edge.ts";
import type { ServedModel } from "./registry.ts";

/** Who counted: the model server, our count of its messages, the tokenizer, or a guess by length. Best first. */
const usageSources = ["backend", "edge", "tiktoken", "estimate"] as const;
export type UsageSource = (typeof usageSources)[number];

export interface Account {
  /** Begins to count the prompt, in parallel with the answer. */
  expect(prompt: number, request: GenerationRequest): void;
  add(prompt: number, account: { reported: Usage | undefined; tally: EdgeTally }): void;
  /** Prompts count once each, completions over all choices. A backend's own numbers win. */
  total(): Promise<{ usage: Usage; source: UsageSource }>;
}

interface PromptAccount {
  promptTokens: ReturnType<typeof countPrompt> | undefined;
  reported: Usage[];
  tallies: EdgeTally[];
}

export function createAccount(tokens: TokenCounter, model: ServedModel, isWanted: boolean): Account {
  const prompts: PromptAccount[] = [];
  const encoding = encodingFor(model.tokenModel);

  const totalOf = async (prompt: PromptAccount): Promise<{ usage: Usage; source: UsageSource }> => {
    const [reported] = prompt.reported;
    if (reported !== undefined && prompt.tallies.length === 0) {
      const completionTokens = sum(prompt.reported.map((usage) => usage.completionTokens));
      const reasoningTokens = sum(prompt.reported.map((usage) => usage.reasoningTokens ?? 0));
      return { usage: { ...reported, completionTokens, reasoningTokens }, source: "backend" };
    }
    const { counts, isExact } = await tokens.count(
      encoding,
      prompt.tallies.flatMap((tally) => tally.uncounted),
    );
    const counted = sum(counts) + sum(prompt.tallies.map((tally) => tally.tokens));
    const counting = await prompt.promptTokens;
    const said = sum(prompt.reported.map((usage) => usage.completionTokens));
    return {
      usage: {
        promptTokens: reported?.promptTokens ?? counting?.tokens ?? 0,
        completionTokens: counted + said,
      },
      source:
        isExact && counting?.isExact !== false ? (counts.length === 0 ? "edge" : "tiktoken") : "estimate",
    };
  };

  return {
    expect(prompt, request) {
      prompts[prompt] = {
        promptTokens: isWanted ? countPrompt(tokens, encoding, request) : undefined,
        reported: [],
        tallies: [],
      };
    },
    add(prompt, { reported, tally }) {
      if (reported === undefined) prompts[prompt]?.tallies.push(tally);
      else prompts[prompt]?.reported.push(reported);
    },
    async total() {
      const totals = await Promise.all(prompts.map(totalOf));
      const sources = totals.map(({ source }) => source);
      const usages = totals.map(({ usage }) => usage);
      return {
        usage: {
          promptTokens: sum(usages.map((usage) => usage.promptTokens)),
          completionTokens: sum(usages.map((usage) => usage.completionTokens)),
          cachedTokens: sum(usages.map((usage) => usage.cachedTokens ?? 0)),
          reasoningTokens: sum(usages.map((usage) => usage.reasoningTokens ?? 0)),
        },
        source: usageSources.findLast((source) => sources.includes(source)) ?? "backend",
      };
    },
  };
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
