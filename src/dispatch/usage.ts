import type { GenerationRequest, Usage } from "../core/generation.ts";
import type { TokenSource } from "../telemetry/exchange.ts";
import type { TokenCounter } from "../tokens/counter.ts";
import { encodingFor } from "../tokens/encoding.ts";
import { countPrompt } from "../tokens/prompt.ts";
import type { EdgeTally } from "./edge.ts";
import type { ServedModel } from "./registry.ts";

/** Best first: an account is as good as its worst part. */
const sources: readonly TokenSource[] = ["backend", "edge", "tiktoken", "estimate"];

export interface Account {
  /** Begins to count the prompt, in parallel with the answer. */
  expect(prompt: number, request: GenerationRequest): void;
  add(prompt: number, account: { reported: Usage | undefined; tally: EdgeTally }): void;
  /** Prompts count once each, completions over all choices. A backend's own numbers win. */
  total(): Promise<{ usage: Usage; source: TokenSource }>;
}

interface PromptAccount {
  promptTokens: ReturnType<typeof countPrompt> | undefined;
  reported: Usage[];
  tallies: EdgeTally[];
}

export function createAccount(tokens: TokenCounter, model: ServedModel, isWanted: boolean): Account {
  const prompts: PromptAccount[] = [];
  const encoding = encodingFor(model.tokenModel);

  const totalOf = async (prompt: PromptAccount): Promise<{ usage: Usage; source: TokenSource }> => {
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
      const counted = new Set(totals.map(({ source }) => source));
      const usages = totals.map(({ usage }) => usage);
      return {
        usage: {
          promptTokens: sum(usages.map((usage) => usage.promptTokens)),
          completionTokens: sum(usages.map((usage) => usage.completionTokens)),
          cachedTokens: sum(usages.map((usage) => usage.cachedTokens ?? 0)),
          reasoningTokens: sum(usages.map((usage) => usage.reasoningTokens ?? 0)),
        },
        source: sources.findLast((source) => counted.has(source)) ?? "backend",
      };
    },
  };
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
