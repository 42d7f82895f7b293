import type { Usage } from "../../../core/generation.ts";
import type { InferResponse } from "../codec/messages.ts";
import { readIntegerOutputs } from "../codec/tensor.ts";

/** Outputs that count tokens. */
export interface CountOutputs {
  prompt: string;
  completion: string;
  /** What the numbers of completion tokens are: of the message, or of the choice so far; `unknown` finds it out. */
  are: "increments" | "totals" | "unknown";
}

/** The tokens of a call, as the server counts them. */
export interface TokenCounts {
  /** Reads a message's counts; `choice` is the only one that it is of, if so. True if it has any. */
  read(response: InferResponse, choice: number | undefined): boolean;
  /** Tokens that the last message read added to a choice, if that is known. */
  added(choice: number): number | undefined;
  /** Completion tokens of a choice so far, if the server said. */
  completion(choice: number): number | undefined;
  /** Of all choices, once the server has told of the prompt and of each choice. */
  usage(): Usage | undefined;
}

/** Counts do not fall, so numbers of messages that always rise are totals; others are to be summed. */
class ChoiceCount {
  #sum = 0;
  #last = 0;
  #rises = true;
  #messages = 0;
  added: number | undefined;

  add(value: number, are: CountOutputs["are"]): void {
    if (are === "increments") this.added = value;
    else this.added = are === "totals" ? Math.max(0, value - this.#last) : undefined;
    if (this.#messages > 0 && value <= this.#last) this.#rises = false;
    this.#messages++;
    this.#sum += value;
    this.#last = value;
  }

  total(are: CountOutputs["are"]): number | undefined {
    if (this.#messages === 0) return undefined;
    return are === "totals" || (are === "unknown" && this.#rises) ? this.#last : this.#sum;
  }
}

export function createTokenCounts(outputs: CountOutputs | undefined, choices: number): TokenCounts {
  if (outputs === undefined) return noCounts;
  const counts = Array.from({ length: choices }, () => new ChoiceCount());
  let promptTokens: number | undefined;
  return {
    read(response, choice) {
      for (const count of counts) count.added = undefined;
      const prompt = readIntegerOutputs(response, outputs.prompt, choices);
      const completion = readIntegerOutputs(response, outputs.completion, choices) ?? none;
      if (promptTokens === undefined) promptTokens = prompt?.find((value) => value >= 0);
      for (let index = 0; index < completion.length; index++) {
        const value = completion[index] ?? -1;
        if (value >= 0) counts[choice ?? index]?.add(value, outputs.are);
      }
      return prompt !== undefined || completion !== none;
    },
    added: (choice) => counts[choice]?.added,
    completion: (choice) => counts[choice]?.total(outputs.are),
    usage() {
      let completionTokens = 0;
      for (const count of counts) {
        const total = count.total(outputs.are);
        if (total === undefined) return undefined;
        completionTokens += total;
      }
      return promptTokens === undefined ? undefined : { promptTokens, completionTokens };
    },
  };
}

const none: readonly number[] = [];

const noCounts: TokenCounts = {
  read: () => false,
  added: () => undefined,
  completion: () => undefined,
  usage: () => undefined,
};
