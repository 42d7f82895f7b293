import type { CallContext } from "../../core/generation.ts";
import type { ItemTurn } from "../common/conversation/item-turn.ts";

/** Where conversations are taken part in. */
export interface ConversationTurns {
  enter(
    given: { id: string; param: string },
    context: Pick<CallContext, "owner" | "signal">,
  ): Promise<ItemTurn>;
}
