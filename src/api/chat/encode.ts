import type { Choice, Generation } from "../../core/collect.ts";
import type { FinishReason, ToolCall } from "../../core/generation.ts";
import { type AnswerHeader, encodeLogprobs, encodeUsage, finishReasons } from "../common/header.ts";

export interface EncodeOptions {
  /** The client spoke the older form: answer with `function_call`. */
  functions: boolean;
  logprobs: boolean;
  /** Of the request; comes back with the answer. */
  conversationId?: string;
}

/** A whole answer as `chat.completion`. */
export function encode(generation: Generation, header: AnswerHeader, options: EncodeOptions) {
  return {
    id: header.id,
    object: "chat.completion",
    created: header.created,
    model: header.model,
    choices: generation.choices.map((choice) => encodeChoice(choice, options)),
    usage: encodeUsage(generation.usage),
    service_tier: "default",
    system_fingerprint: null,
    ...(options.conversationId === undefined ? {} : { conversation_id: options.conversationId }),
    ...(Object.keys(generation.metadata).length === 0 ? {} : { metadata: generation.metadata }),
  };
}

function encodeChoice(choice: Choice, options: EncodeOptions) {
  const isToolCall = choice.toolCalls.length > 0;
  const [call] = choice.toolCalls;
  return {
    index: choice.index,
    message: {
      role: "assistant",
      content: choice.text === "" && (isToolCall || choice.refusal !== "") ? null : choice.text,
      refusal: choice.refusal === "" ? null : choice.refusal,
      annotations: [],
      ...(choice.reasoning === "" ? {} : { reasoning_content: choice.reasoning }),
      ...(options.functions && call !== undefined ? { function_call: encodeFunction(call) } : {}),
      ...(!options.functions && isToolCall ? { tool_calls: choice.toolCalls.map(encodeToolCall) } : {}),
    },
    logprobs: options.logprobs ? encodeLogprobs(choice.logprobs) : null,
    finish_reason: finishWord(choice.finish, options.functions),
  };
}

/** The wire's word for a finish; who speaks the older form knows a call as `function_call`. */
export function finishWord(reason: FinishReason, functions: boolean) {
  return functions && reason === "tool-calls" ? "function_call" : finishReasons[reason];
}

function encodeToolCall(call: ToolCall) {
  return call.kind === "custom"
    ? { id: call.id, type: "custom", custom: { name: call.name, input: call.arguments } }
    : { id: call.id, type: "function", function: encodeFunction(call) };
}

function encodeFunction(call: ToolCall) {
  return { name: call.name, arguments: call.arguments === "" ? "{}" : call.arguments };
}
