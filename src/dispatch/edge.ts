import type { Capabilities, EventBatch, GenerationEvent, GenerationRequest } from "../core/generation.ts";
import { ChoiceEdge } from "./choice-edge.ts";

/** What a backend call leaves for the account of usage. */
export interface EdgeTally {
  /** Tokens that the backend sent one by one, those of reasoning among them. */
  tokens: number;
  reasoningTokens: number;
  /** Text of each choice that did not come token by token and is yet to be counted; reasoning is apart. */
  uncounted: readonly string[];
  uncountedReasoning: readonly string[];
}

export const emptyTally: EdgeTally = {
  tokens: 0,
  reasoningTokens: 0,
  uncounted: [],
  uncountedReasoning: [],
};

/**
 * Does for one backend call what the backend does not: stop strings, the token limit, at most one tool call or none.
 * Choices are renumbered from `firstChoice`; empty deltas, usage and whatever comes after a choice's end are dropped.
 */
export class Edge {
  readonly #choices: readonly ChoiceEdge[];
  #open: number;

  /** Uncounted text is kept only if somebody will ask for usage (`keepsText`). */
  constructor(
    request: GenerationRequest,
    capabilities: Capabilities,
    firstChoice: number,
    keepsText: boolean,
  ) {
    const rules = {
      stops: [
        ...(capabilities.sampling.has("stop") ? [] : (request.sampling.stop ?? [])),
        ...(request.prompt.kind === "messages" ? (capabilities.stop ?? []) : []),
      ],
      maxTokens: capabilities.reportsLength ? Infinity : (request.sampling.maxTokens ?? Infinity),
      mayCall: request.toolChoice.mode !== "none",
      parallelToolCalls: request.parallelToolCalls,
      keepsText,
    };
    this.#choices = Array.from(
      { length: request.choices },
      (_, choice) => new ChoiceEdge(firstChoice + choice, rules),
    );
    this.#open = request.choices;
  }

  /** Every choice has ended, for the client. */
  get isDone(): boolean {
    return this.#open === 0;
  }

  /** A choice was ended here, and the backend goes on with it as far as it has told. */
  get isCut(): boolean {
    return this.#choices.some((choice) => choice.isCut);
  }

  get tally(): EdgeTally {
    return {
      tokens: this.#choices.reduce((sum, choice) => sum + choice.tokens, 0),
      reasoningTokens: this.#choices.reduce((sum, choice) => sum + choice.reasoningTokens, 0),
      uncounted: this.#choices.map((choice) => choice.uncounted).filter((text) => text !== ""),
      uncountedReasoning: this.#choices
        .map((choice) => choice.uncountedReasoning)
        .filter((text) => text !== ""),
    };
  }

  apply(batch: EventBatch): GenerationEvent[] {
    const out: GenerationEvent[] = [];
    for (const event of batch) {
      if ("choice" in event) {
        const choice = this.#choices[event.choice];
        if (choice?.apply(event, out) === true) this.#open--;
      } else if (event.type === "metadata") {
        out.push(event);
      }
    }
    return out;
  }
}
