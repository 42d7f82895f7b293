import type { CallContext } from "../../core/generation.ts";
import { decodePrompt } from "./decode.ts";
import type { ResponseDeps } from "./deps.ts";
import { readHistory, readInput } from "./history.ts";
import { toGeneration } from "./prompt.ts";
import type { InputTokensRequest } from "./schema.ts";

/** Tokens of the prompt that this would be. Rejects with a `ServeError`, as the request itself would. */
export async function countInput(
  body: InputTokensRequest,
  context: CallContext,
  deps: ResponseDeps,
): Promise<number> {
  const decoded = decodePrompt(body);
  const history = await readHistory(body, context, deps);
  // Nothing is added to the conversation.
  history.turn?.close();
  const input = await readInput(decoded.input, history.items, { ...deps, owner: context.owner });
  return await deps.countTokens(toGeneration(decoded, history.items, input), context);
}
