import { ServeError } from "../core/error.ts";
import type { Capabilities, GenerationRequest } from "../core/generation.ts";
import type { TokenCounter } from "../tokens/counter.ts";
import { encodingFor } from "../tokens/encoding.ts";
import { countPrompt } from "../tokens/prompt.ts";
import type { ServedModel } from "./registry.ts";

/**
 * The request as the backend can take it: token prompts as text where it takes no tokens, and a given limit cut to
 * what the context leaves. Throws `invalid_request` (`context_length_exceeded`) when the prompt alone fills it.
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
  const limit = Math.min(model.contextTokens ?? Infinity, capabilities.contextTokens ?? Infinity);
  const wanted = request.sampling.maxTokens ?? 0;
  // No text has more tokens than bytes, so that a short prompt needs no count.
  if (limit === Infinity || upperBound(request) + wanted < limit) return fitted;
  const promptTokens = await countPrompt(tokens, encoding, request);
  if (promptTokens >= limit) {
    throw new ServeError(
      "invalid_request",
      `This model's maximum context length is ${limit} tokens. Your input of ${promptTokens} tokens plus ${wanted} for the completion exceeds the context window.`,
      { code: "context_length_exceeded", param: request.prompt.kind === "messages" ? "messages" : "prompt" },
    );
  }
  if (promptTokens + wanted <= limit) return fitted;
  return { ...fitted, sampling: { ...fitted.sampling, maxTokens: limit - promptTokens } };
}

/** Most tokens that the prompt can have: its bytes, and a few for the frame of each message and tool. */
function upperBound(request: GenerationRequest): number {
  const { prompt, tools } = request;
  if (prompt.kind === "tokens") return prompt.tokens.length;
  if (prompt.kind === "text") return Buffer.byteLength(prompt.text);
  let bound = 16;
  for (const message of prompt.messages) {
    bound += 16 + (message.name?.length ?? 0) * 3;
    for (const part of message.content) bound += "text" in part ? Buffer.byteLength(part.text) : 2_048;
    for (const call of message.toolCalls ?? [])
      bound += 16 + Buffer.byteLength(call.name) + Buffer.byteLength(call.arguments);
  }
  // Tools are counted in another notation than JSON, never longer by more than half.
  return tools.length === 0 ? bound : bound + 64 + Buffer.byteLength(JSON.stringify(tools)) * 2;
}
