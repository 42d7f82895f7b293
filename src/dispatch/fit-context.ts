import { ServeError } from "../core/error.ts";
import type { Capabilities, GenerationRequest } from "../core/generation.ts";
import type { TokenCounter } from "../tokens/counter.ts";
import { encodingFor } from "../tokens/encoding.ts";
import { countPrompt } from "../tokens/prompt.ts";
import { promptBytes } from "../tokens/prompt-size.ts";
import type { ServedModel } from "./registry.ts";

/** For a backend that has to be told a limit, where neither the client nor a known context says one. */
const assumedMaxTokens = 1_024;

/**
 * The request as the backend can take it: token prompts as text where it takes no tokens, a given limit cut to
 * what the context leaves, and a limit where the backend needs one. Throws `invalid_request`
 * (`context_length_exceeded`) when the prompt alone fills the context.
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
    throw new ServeError(
      "invalid_request",
      `This model's maximum context length is ${limit} tokens. Your input of ${promptTokens} tokens plus ${wanted} for the completion exceeds the context window.`,
      { code: "context_length_exceeded", param: request.prompt.kind === "messages" ? "messages" : "prompt" },
    );
  }
  if (!isLimitMissing && promptTokens + wanted <= limit) return fitted;
  return withMaxTokens(fitted, limit - promptTokens);
}

function withMaxTokens(request: GenerationRequest, maxTokens: number): GenerationRequest {
  return { ...request, sampling: { ...request.sampling, maxTokens } };
}

/** What was assumed for `asked`, as `name=value` in wire names. */
export function assumedFields(asked: GenerationRequest, fitted: GenerationRequest): string[] {
  const { maxTokens } = fitted.sampling;
  return asked.sampling.maxTokens === undefined && maxTokens !== undefined ? [`max_tokens=${maxTokens}`] : [];
}
