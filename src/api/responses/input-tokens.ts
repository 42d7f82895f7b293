import type { CallContext } from "../../core/generation.ts";
import { decodePrompt } from "./decode.ts";
import type { ResponseDeps } from "./deps.ts";
import { peekHistory, readInput } from "./history.ts";
import { toGeneration } from "./prompt.ts";
import type { InputTokensRequest } from "./schema.ts";

/** Tokens of the prompt that this would be. Rejects with a `ServeError`, as the request itself would. */
export async function countInput(
  body: InputTokensRequest,
  context: CallContext,
  deps: ResponseDeps,
): Promise<number> {
  const decoded = decodePrompt(body);
  const history = await peekHistory(body, context, deps);
  const input = await readInput(decoded.input, history, { ...deps, owner: context.owner });
  return await deps.countTokens(toGeneration(decoded, history, input), context);
}
