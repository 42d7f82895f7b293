import type { Usage } from "../../core/generation.ts";
import type { JsonRecord } from "../../core/json.ts";
import type { Item } from "../common/items/kinds.ts";
import type { ResponseRequest, TextFormat } from "./schema.ts";

export type ResponseStatus = "queued" | "in_progress" | "completed" | "incomplete" | "failed" | "cancelled";

/** A response as clients see it. What it echoes of the request is not looked at again. */
export type ResponseObject = JsonRecord & {
  readonly id: string;
  readonly created_at: number;
  readonly status: ResponseStatus;
  readonly background: boolean;
  readonly store: boolean;
  readonly output: readonly Item[];
};

export interface ResponseHeader {
  id: string;
  /** Unix seconds. */
  createdAt: number;
  model: string;
  store: boolean;
  conversationId?: string;
  /** The tools that can be called. */
  tools: readonly JsonRecord[];
}

/** The response before anything has come of it: every key that clients look for, in the order of OpenAI's. */
export function beginResponse(body: ResponseRequest, header: ResponseHeader): ResponseObject {
  const isBackground = body.background === true;
  return {
    id: header.id,
    object: "response",
    created_at: header.createdAt,
    completed_at: null,
    status: isBackground ? "queued" : "in_progress",
    background: isBackground,
    error: null,
    incomplete_details: null,
    instructions: body.instructions ?? null,
    max_output_tokens: body.max_output_tokens ?? null,
    max_tool_calls: body.max_tool_calls ?? null,
    model: header.model,
    output: [],
    parallel_tool_calls: body.parallel_tool_calls ?? true,
    previous_response_id: body.previous_response_id ?? null,
    prompt_cache_key: body.prompt_cache_key ?? null,
    reasoning: { effort: body.reasoning?.effort ?? null, summary: body.reasoning?.summary ?? null },
    safety_identifier: body.safety_identifier ?? null,
    service_tier: "default",
    store: header.store,
    temperature: body.temperature ?? 1,
    text: { format: encodeFormat(body.text?.format), verbosity: body.text?.verbosity ?? "medium" },
    tool_choice: body.tool_choice ?? "auto",
    tools: header.tools,
    top_logprobs: body.top_logprobs ?? 0,
    top_p: body.top_p ?? 1,
    presence_penalty: body.presence_penalty ?? 0,
    frequency_penalty: body.frequency_penalty ?? 0,
    truncation: body.truncation ?? "disabled",
    user: body.user ?? null,
    metadata: body.metadata ?? {},
    usage: null,
    ...(header.conversationId !== undefined && { conversation: { id: header.conversationId } }),
  };
}

function encodeFormat(format: TextFormat | null | undefined): JsonRecord {
  if (format == null) return { type: "text" };
  if (format.type !== "json_schema") return { type: format.type };
  const { type, name, description, schema, strict } = format;
  return { type, name, description: description ?? null, schema, strict: strict ?? false };
}

export function encodeUsage({ promptTokens, completionTokens, cachedTokens, reasoningTokens }: Usage) {
  return {
    input_tokens: promptTokens,
    input_tokens_details: { cached_tokens: cachedTokens ?? 0, cache_write_tokens: 0 },
    output_tokens: completionTokens,
    output_tokens_details: { reasoning_tokens: Math.min(reasoningTokens ?? 0, completionTokens) },
    total_tokens: promptTokens + completionTokens,
  };
}
