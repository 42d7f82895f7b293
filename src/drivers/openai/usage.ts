import type { Usage } from "../../core/generation.ts";
import { isRecord, type JsonRecord } from "../../core/json.ts";

/** Usage as OpenAI writes it; undefined unless prompt and completion are both counted. */
export function readUsage(value: unknown): Usage | undefined {
  if (!isRecord(value)) return undefined;
  const promptTokens = count(value["prompt_tokens"]);
  const total = count(value["total_tokens"]);
  if (promptTokens === undefined) return undefined;
  const rest = total === undefined ? undefined : Math.max(0, total - promptTokens);
  const completionTokens = count(value["completion_tokens"]) ?? rest;
  if (completionTokens === undefined) return undefined;
  const cached = part(value["prompt_tokens_details"], "cached_tokens", promptTokens);
  const reasoning = part(value["completion_tokens_details"], "reasoning_tokens", completionTokens);
  return {
    promptTokens,
    completionTokens,
    ...(cached === undefined ? {} : { cachedTokens: cached }),
    ...(reasoning === undefined ? {} : { reasoningTokens: reasoning }),
  };
}

/** Of a chunk: in its place, or where Groq puts it. */
export function usageOf(chunk: JsonRecord): Usage | undefined {
  const { x_groq: ofGroq } = chunk;
  return readUsage(chunk["usage"]) ?? (isRecord(ofGroq) ? readUsage(ofGroq["usage"]) : undefined);
}

function count(value: unknown): number | undefined {
  return typeof value === "number" && Number.isSafeInteger(value) && value >= 0 ? value : undefined;
}

/** Never more than the whole. */
function part(details: unknown, name: string, whole: number): number | undefined {
  const value = isRecord(details) ? count(details[name]) : undefined;
  return value === undefined ? undefined : Math.min(value, whole);
}
