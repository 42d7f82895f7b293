import { AnswerSize } from "./answer-size.ts";
import { type Block, type BlockEvent, BlockReader } from "./blocks.ts";
import type { EventBatch, Usage } from "./generation.ts";
import { GrowingText } from "./growing-text.ts";

/** A block of an answer that is over. */
export interface WholeBlock {
  block: Block;
  text: string;
  /** The last one that came with it. */
  signature?: string;
}

export interface BlockGeneration {
  /** In the order in which they came. */
  blocks: readonly WholeBlock[];
  finish: Pick<Extract<BlockEvent, { type: "finish" }>, "reason" | "stopSequence">;
  usage: Usage;
}

/** Folds the events of choice 0 into its blocks, as `collect` does into choices. Rejects as `collect` does. */
export async function collectBlocks(batches: AsyncIterable<EventBatch>): Promise<BlockGeneration> {
  const reader = new BlockReader();
  const size = new AnswerSize();
  const blocks: GrowingBlock[] = [];
  let finish: BlockGeneration["finish"] = { reason: "stop" };
  let usage: Usage = { promptTokens: 0, completionTokens: 0 };
  for await (const batch of batches) {
    for (const event of batch) {
      size.add(event);
      for (const read of reader.read(event)) {
        if (read.type === "block-start") blocks.push(new GrowingBlock(read.block));
        if (read.type === "block-delta") blocks.at(-1)?.add(read);
        if (read.type === "finish") finish = endOf(read);
        if (read.type === "usage") usage = read.usage;
      }
    }
  }
  return { blocks: blocks.map((block) => block.toWhole()), finish, usage };
}

function endOf({
  type: _type,
  ...finish
}: Extract<BlockEvent, { type: "finish" }>): BlockGeneration["finish"] {
  return finish;
}

class GrowingBlock {
  readonly #block: Block;
  readonly #text = new GrowingText();
  #signature: string | undefined;

  constructor(block: Block) {
    this.#block = block;
  }

  add({ text, signature }: Extract<BlockEvent, { type: "block-delta" }>): void {
    this.#text.add(text);
    this.#signature = signature ?? this.#signature;
  }

  toWhole(): WholeBlock {
    return {
      block: this.#block,
      text: this.#text.toString(),
      ...(this.#signature !== undefined && { signature: this.#signature }),
    };
  }
}
