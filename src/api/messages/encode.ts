import type { Block } from "../../core/blocks.ts";
import type { BlockGeneration, WholeBlock } from "../../core/collect-blocks.ts";
import type { FinishReason, Usage } from "../../core/generation.ts";
import { unsigned } from "./show-thinking.ts";
import { readInput } from "./tool-input.ts";

/** What is known of an answer before it begins. */
export interface MessageHeader {
  id: string;
  model: string;
}

/** A whole answer. */
export function encode({ blocks, finish, usage }: BlockGeneration, header: MessageHeader) {
  const isRefused = blocks.some(({ block }) => block.kind === "refusal");
  return {
    ...encodeHeader(header),
    content: blocks.map(encodeWhole),
    ...encodeStop(finish, isRefused),
    usage: encodeUsage(usage),
  };
}

/** All that a message has but for its content, its end and its cost. */
export function encodeHeader({ id, model }: MessageHeader) {
  return {
    id,
    type: "message",
    role: "assistant",
    model,
    container: null,
    diagnostics: null,
  };
}

function encodeWhole({ block, text, signature = unsigned }: WholeBlock) {
  switch (block.kind) {
    case "text":
    case "refusal":
      return { ...encodeBlock(block), text };
    case "reasoning":
      return { ...encodeBlock(block), thinking: text, signature };
    case "tool-call":
      return { ...encodeBlock(block), input: readInput(text) };
  }
}

/** A block before it has said anything, as a stream begins it. */
export function encodeBlock(block: Block) {
  switch (block.kind) {
    case "text":
    case "refusal":
      return { type: "text", text: "", citations: null };
    case "reasoning":
      return { type: "thinking", thinking: "", signature: "" };
    case "tool-call":
      return { type: "tool_use", id: block.id, name: block.name, input: {}, caller: { type: "direct" } };
  }
}

const stopReasons = {
  stop: "end_turn",
  length: "max_tokens",
  "tool-calls": "tool_use",
  "content-filter": "refusal",
} as const satisfies Record<FinishReason, string>;

/** How an answer ended; one in which the model refused ends so, unless it was cut off. */
export function encodeStop({ reason, stopSequence }: BlockGeneration["finish"], isRefused: boolean) {
  const word = stopSequence !== undefined ? "stop_sequence" : stopReasons[reason];
  const stop = isRefused && word === "end_turn" ? "refusal" : word;
  return {
    stop_reason: stop,
    stop_sequence: stopSequence ?? null,
    stop_details: stop === "refusal" ? { type: "refusal", category: null, explanation: null } : null,
  };
}

/** The whole cost. */
export function encodeUsage(usage: Usage) {
  return {
    ...encodeCounts(usage),
    cache_creation: { ephemeral_5m_input_tokens: 0, ephemeral_1h_input_tokens: 0 },
    inference_geo: null,
    service_tier: "standard",
    speed: null,
  };
}

/** What of the cost the end of a stream tells anew. */
export function encodeCounts({
  promptTokens,
  completionTokens,
  cachedTokens = 0,
  reasoningTokens = 0,
}: Usage) {
  return {
    input_tokens: Math.max(0, promptTokens - cachedTokens),
    output_tokens: completionTokens,
    cache_creation_input_tokens: 0,
    cache_read_input_tokens: cachedTokens,
    output_tokens_details: { thinking_tokens: reasoningTokens },
    server_tool_use: null,
  };
}
