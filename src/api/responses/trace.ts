import { type BlockEvent, BlockReader } from "../../core/blocks.ts";
import type { EventBatch, FinishReason, Usage } from "../../core/generation.ts";

/**
 * How an answer came: together with its items, all that its events are told again from, as they were and numbered as they
 * were. The texts stand in the items alone.
 */
export interface Trace {
  /** Of each block, the lengths of its deltas, in characters. */
  cuts: readonly (readonly number[])[];
  /** Of each block, how many tokens' logprobs came with each delta; absent where none were reported. */
  tokens?: readonly (readonly number[])[];
  finish?: FinishReason;
  usage?: Usage;
}

/** Takes down how an answer comes. */
export class TraceWriter {
  readonly #blocks = new BlockReader();
  readonly #cuts: number[][] = [];
  readonly #tokens: number[][] = [];
  #hasTokens = false;
  #finish: FinishReason | undefined;
  #usage: Usage | undefined;

  add(batch: EventBatch): void {
    for (const event of batch) for (const each of this.#blocks.read(event)) this.#event(each);
  }

  trace(): Trace {
    return {
      cuts: this.#cuts,
      ...(this.#hasTokens && { tokens: this.#tokens }),
      ...(this.#finish !== undefined && { finish: this.#finish }),
      ...(this.#usage !== undefined && { usage: this.#usage }),
    };
  }

  #event(event: BlockEvent): void {
    switch (event.type) {
      case "block-start":
        this.#cuts.push([]);
        this.#tokens.push([]);
        break;
      case "block-delta": {
        const tokens = event.logprobs?.length ?? 0;
        this.#cuts.at(-1)?.push(event.text.length);
        this.#tokens.at(-1)?.push(tokens);
        if (tokens > 0) this.#hasTokens = true;
        break;
      }
      case "finish":
        this.#finish = event.reason;
        break;
      case "usage":
        this.#usage = event.usage;
        break;
      case "block-end":
      case "metadata":
        break;
    }
  }
}
