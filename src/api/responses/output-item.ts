import type { BlockEvent } from "../../core/blocks.ts";
import type { Item } from "../common/items/kinds.ts";

export type BlockDelta = Extract<BlockEvent, { type: "block-delta" }>;
export type ItemStatus = "completed" | "incomplete" | "in_progress";

/** An item of the output while it comes. What writes events gives them as frames, one after the other. */
export interface OutputItem {
  /** Its beginning. */
  start(): string;
  delta(delta: BlockDelta): string;
  /** Its end, and that of what is open in it. */
  end(status: ItemStatus): string;
  /** As it is by now. */
  toItem(status: ItemStatus): Item;
}

/** Where an item stands, as its events say it. */
export interface OutputPlace {
  id: string;
  index: number;
}
