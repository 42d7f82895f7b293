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

/** What an edge needs to know of its backend call. */
export interface EdgeCall {
  request: GenerationRequest;
  capabilities: Capabilities;
  /** From `stopsOf`. Matchers share what is derived from the array, so that it is to be the same for all calls. */
  stops: readonly string[];
  /** Number of the call's first choice among all choices of the client's request. */
  firstChoice: number;
  /** Somebody will ask for usage, so that text is kept that is yet to be counted. */
  keepsText: boolean;
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

  constructor({ request, capabilities, stops, firstChoice, keepsText }: EdgeCall) {
    const rules = {
      stops,
      maxTokens: capabilities.reportsLength ? Infinity : (request.sampling.maxTokens ?? Infinity),
      mayCall: request.toolChoice.mode !== "none",
      parallelToolCalls: request.parallelToolCalls,
      scoresPrompt: request.echoLogprobs === true,
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
      tokens: this.#choices.reduce((sum, choice) => sum + choice.tokens + choice.estimatedTokens, 0),
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

/** The texts at which answers are to end here: also those that the backend takes, unless it is known to cut them off. */
export function stopsOf(request: GenerationRequest, capabilities: Capabilities): readonly string[] {
  return leavesStop(request, capabilities) ? [] : (request.sampling.stop ?? []);
}

/**
 * Whether stop strings are found here alone, because a backend that ends at one does not say at which. One whose answers
 * come whole would write on for nothing.
 */
export function findsStop({ namesStop }: GenerationRequest, { wholeOnly }: Capabilities): boolean {
  return namesStop === true && wholeOnly !== true;
}

/** Whether stop strings are the backend's alone. */
function leavesStop(request: GenerationRequest, capabilities: Capabilities): boolean {
  if (!capabilities.sampling.has("stop") || findsStop(request, capabilities)) return false;
  const { extra } = request;
  const isKept =
    capabilities.extra.has("include_stop_str_in_output") && extra["include_stop_str_in_output"] === true;
  return isKept || capabilities.cutsStop === true;
}
