/** The parts of OpenAI's bodies that tests look at, typed as servers must send them. */
export interface Usage {
  prompt_tokens: number;
  completion_tokens: number;
  total_tokens: number;
  prompt_tokens_details: Record<string, number>;
  completion_tokens_details: Record<string, number>;
}

export interface ToolCall {
  id: string;
  type: string;
  function: { name: string; arguments: string };
}

export interface ChatBody {
  id: string;
  object: string;
  created: number;
  model: string;
  choices: {
    index: number;
    message: {
      role: string;
      content: string | null;
      refusal: string | null;
      annotations: unknown[];
      tool_calls?: ToolCall[];
      function_call?: { name: string; arguments: string };
    };
    logprobs: unknown;
    finish_reason: string;
  }[];
  usage: Usage;
}

export interface ToolCallDelta {
  index: number;
  id?: string;
  type?: string;
  function?: { name?: string; arguments: string };
}

export interface ChatChunk {
  id: string;
  object: string;
  created: number;
  model: string;
  choices: {
    index: number;
    delta: {
      role?: string;
      content?: string | null;
      refusal?: string | null;
      tool_calls?: ToolCallDelta[];
      function_call?: { name?: string; arguments: string };
    };
    logprobs: unknown;
    finish_reason: string | null;
  }[];
  usage?: Usage | null;
  error?: ErrorBody["error"];
}

export interface CompletionBody {
  id: string;
  object: string;
  created: number;
  model: string;
  choices: { text: string; index: number; logprobs: unknown; finish_reason: string | null }[];
  usage?: Usage;
  error?: ErrorBody["error"];
}

export interface ModelBody {
  id: string;
  object: string;
  created: number;
  owned_by: string;
}

export interface ErrorBody {
  error: { message: string; type: string; param: string | null; code: string | null };
}

/** A chat with one user message. */
export function user(text: string): { messages: { role: "user"; content: string }[] } {
  return { messages: [{ role: "user", content: text }] };
}

/** The text of one choice of a chat stream. */
export function chatText(chunks: readonly ChatChunk[], index = 0): string {
  return chunks
    .flatMap((chunk) => chunk.choices ?? [])
    .filter((choice) => choice.index === index)
    .map((choice) => choice.delta.content ?? "")
    .join("");
}
