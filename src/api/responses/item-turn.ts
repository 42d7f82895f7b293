import type { CallContext } from "../../core/generation.ts";
import type { Change } from "../../store/records.ts";
import type { Item } from "../common/items/kinds.ts";

/** One turn of a conversation, in items. */
export interface ItemTurn {
  readonly id: string;
  readonly items: readonly Item[];
  append(addition: {
    added: readonly Item[];
    param: string;
    model?: string;
    others?: readonly Change[];
  }): Promise<{ kind: "written" | "conflict" }>;
  close(): void;
}

export interface Conversations {
  enter(
    given: { id: string; param: string },
    context: Pick<CallContext, "owner" | "signal">,
  ): Promise<ItemTurn>;
}
