import { ServeError } from "../core/error.ts";
import type { Capabilities, GenerationRequest } from "../core/generation.ts";
import { keepNewest } from "../core/keep-newest.ts";
import type { TokenCounter } from "../tokens/counter.ts";
import { countEachMessage } from "../tokens/each-message.ts";
import { type Encoding, encodingFor } from "../tokens/encoding.ts";
import { countPrompt } from "../tokens/prompt.ts";
import { promptBytes } from "../tokens/prompt-size.ts";
import type { ServedModel } from "./registry.ts";

/** For a backend that has to be told a limit, where neither the client nor a known context says one. */
const assumedMaxTokens = 1_024;

/**
 * The request as the backend can take it: token prompts as text where it takes no tokens, a given limit cut to
 * what the context leaves, a limit where the backend needs one, and without the oldest messages where they may be left
 * out. Throws `invalid_request` (`context_length_exceeded`) when the prompt alone fills the context.
 */
export async function fitContext(
  request: GenerationRequest,
  model: ServedModel,
  capabilities: Capabilities,
  tokens: TokenCounter,
): Promise<GenerationRequest> {
  const encoding = encodingFor(model.tokenModel);
  let fitted = request;
  if (request.prompt.kind === "tokens" && !capabilities.tokenPrompts) {
    fitted = {
      ...request,
      prompt: { kind: "text", text: await tokens.decode(encoding, request.prompt.tokens) },
    };
  }
  const limit = model.contextTokens ?? Infinity;
  const isLimitMissing = capabilities.needsMaxTokens === true && request.sampling.maxTokens === undefined;
  if (limit === Infinity) return isLimitMissing ? withMaxTokens(fitted, assumedMaxTokens) : fitted;
  const wanted = request.sampling.maxTokens ?? 0;
  // No text has more tokens than bytes, so that a short prompt needs no count.
  if (!isLimitMissing && promptBytes(request, limit) + wanted < limit) return fitted;
  const { tokens: promptTokens } = await countPrompt(tokens, encoding, request);
  if (promptTokens >= limit) {
    const fewer = await withoutOldest(request, { limit, promptTokens }, { tokens, encoding });
    if (fewer !== undefined) return await fitContext(fewer, model, capabilities, tokens);
    throw new ServeError(
      "invalid_request",
      `This model's maximum context length is ${limit} tokens. Your input of ${promptTokens} tokens plus ${wanted} for the completion exceeds the context window.`,
      { code: "context_length_exceeded", param: request.prompt.kind === "messages" ? "messages" : "prompt" },
    );
  }
  if (!isLimitMissing && promptTokens + wanted <= limit) return fitted;
  return withMaxTokens(fitted, limit - promptTokens);
}

/** More of the context than that is not kept free for a long answer, at the cost of what was said. */
const answerShare = 0.25;

/** The request without the oldest of its messages; nothing where they are to stay, or have to. */
async function withoutOldest(
  request: GenerationRequest,
  { limit, promptTokens }: { limit: number; promptTokens: number },
  { tokens, encoding }: { tokens: TokenCounter; encoding: Encoding },
): Promise<GenerationRequest | undefined> {
  if (request.truncate !== true || request.prompt.kind !== "messages") return undefined;
  const { messages } = request.prompt;
  const costs = await countEachMessage(tokens, encoding, messages);
  const others = promptTokens - costs.reduce((sum, each) => sum + each, 0);
  const free = Math.max(1, Math.min(request.sampling.maxTokens ?? 1, Math.floor(limit * answerShare)));
  const kept = keepNewest(messages, costs, limit - others - free);
  if (kept.length === messages.length) return undefined;
  return { ...request, prompt: { kind: "messages", messages: kept } };
}

function withMaxTokens(request: GenerationRequest, maxTokens: number): GenerationRequest {
  return { ...request, sampling: { ...request.sampling, maxTokens } };
}

/** What was assumed for `asked`, as `name=value` in wire names. */
export function assumedFields(asked: GenerationRequest, fitted: GenerationRequest): string[] {
  const { maxTokens } = fitted.sampling;
  return asked.sampling.maxTokens === undefined && maxTokens !== undefined ? [`max_tokens=${maxTokens}`] : [];
}
