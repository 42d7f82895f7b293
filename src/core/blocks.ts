import type { FinishReason, GenerationEvent, TokenLogprob, Usage } from "./generation.ts";

/** A piece of one answer that protocols put in brackets of its own. */
export type Block =
  | { kind: "text" }
  | { kind: "reasoning" }
  | { kind: "refusal" }
  | { kind: "tool-call"; id: string; name: string; callKind: "function" | "custom" };

/**
 * One answer as a sequence of blocks. `index` counts the blocks from 0. A block starts, has its deltas and ends before
 * the next one starts; all have ended before `finish`, of which there is one. Empty deltas bear logprobs or a signature.
 */
export type BlockEvent =
  | { type: "block-start"; index: number; block: Block }
  | {
      type: "block-delta";
      index: number;
      block: Block;
      text: string;
      logprobs?: readonly TokenLogprob[];
      signature?: string;
    }
  | { type: "block-end"; index: number; block: Block }
  | { type: "finish"; reason: FinishReason; stopSequence?: string }
  | { type: "usage"; usage: Usage }
  | { type: "metadata"; fields: Readonly<Record<string, unknown>> };

type BlockDelta = Extract<BlockEvent, { type: "block-delta" }>;

const blocks = {
  "text-delta": { kind: "text" },
  "reasoning-delta": { kind: "reasoning" },
  "refusal-delta": { kind: "refusal" },
} as const satisfies Record<string, Block>;

/**
 * Derives the brackets that the events of choice 0 imply; those of other choices are passed over. Deltas that say
 * nothing open no block. A call's arguments reach its own block only while it is the open one, as the event contract
 * has it.
 */
export class BlockReader {
  #open: { index: number; block: Block } | undefined;
  #count = 0;

  read(event: GenerationEvent): readonly BlockEvent[] {
    if ("choice" in event && event.choice !== 0) return [];
    switch (event.type) {
      case "text-delta":
        return this.#delta(blocks[event.type], event.text, event);
      case "reasoning-delta":
        return this.#delta(blocks[event.type], event.text, event);
      case "refusal-delta":
        return this.#delta(blocks[event.type], event.text, {});
      case "tool-call-start": {
        const { id, name, kind } = event;
        return this.#start({ kind: "tool-call", id, name, callKind: kind });
      }
      case "tool-call-delta":
        return this.#open?.block.kind !== "tool-call" || event.arguments === ""
          ? []
          : [{ type: "block-delta", ...this.#open, text: event.arguments }];
      case "finish": {
        const { reason, stopSequence } = event;
        const finish: BlockEvent = {
          type: "finish",
          reason,
          ...(stopSequence !== undefined && { stopSequence }),
        };
        return [...this.#end(), finish];
      }
      case "usage":
      case "metadata":
        return [event];
    }
  }

  #delta(
    block: Block,
    text: string,
    { logprobs, signature }: { logprobs?: readonly TokenLogprob[]; signature?: string },
  ): readonly BlockEvent[] {
    if (text === "" && logprobs === undefined && signature === undefined) return [];
    const events = this.#open?.block.kind === block.kind ? [] : this.#start(block);
    const open = this.#open;
    if (open === undefined) return events;
    // Once for each token: no more than one object is made for it.
    const delta: BlockDelta = { type: "block-delta", index: open.index, block: open.block, text };
    if (logprobs !== undefined) delta.logprobs = logprobs;
    if (signature !== undefined) delta.signature = signature;
    events.push(delta);
    return events;
  }

  #start(block: Block): BlockEvent[] {
    const before = this.#end();
    this.#open = { index: this.#count++, block };
    return [...before, { type: "block-start", ...this.#open }];
  }

  #end(): BlockEvent[] {
    const open = this.#open;
    this.#open = undefined;
    return open === undefined ? [] : [{ type: "block-end", ...open }];
  }
}
