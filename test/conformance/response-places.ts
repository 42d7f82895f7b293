import type { TSchema } from "@sinclair/typebox";
import { InputItem } from "../../src/api/common/items/schema.ts";
import {
  CompactedResponse,
  InputTokens,
  OutputItem,
  ResponseSchema,
  ResponseStreamEvent,
} from "../../src/api/responses/answer-schema.ts";
import { CompactRequest, InputTokensRequest, ResponseRequest } from "../../src/api/responses/schema.ts";

type Place = readonly [TSchema, string];

const message = "content";
/** An item alone is a list of one to who looks for properties. */
const item = (type: string, path = ""): Place => [{ ...InputItem, anyOf: variantsOf(InputItem, type) }, path];
const output = (type: string, path = ""): Place => [
  { ...OutputItem, anyOf: variantsOf(OutputItem, type) },
  path,
];
const event = (type: string): Place => [
  { ...ResponseStreamEvent, anyOf: variantsOf(ResponseStreamEvent, type) },
  "",
];

/** Where each of OpenAI's types for Responses is in our schemas. */
export const responsePlaces: Readonly<Record<string, Place>> = {
  ResponseCreateParamsBase: [ResponseRequest, ""],
  "ResponseCreateParams.StreamOptions": [ResponseRequest, "stream_options"],
  ResponseConversationParam: [ResponseRequest, "conversation"],
  ResponseTextConfig: [ResponseRequest, "text"],
  ResponseFormatTextJSONSchemaConfig: [ResponseRequest, "text.format[type=json_schema]"],
  Reasoning: [ResponseRequest, "reasoning"],
  FunctionTool: [ResponseRequest, "tools[type=function]"],
  CustomTool: [ResponseRequest, "tools[type=custom]"],
  NamespaceTool: [ResponseRequest, "tools[type=namespace]"],
  ToolChoiceFunction: [ResponseRequest, "tool_choice[type=function]"],
  ToolChoiceCustom: [ResponseRequest, "tool_choice[type=custom]"],
  ToolChoiceAllowed: [ResponseRequest, "tool_choice[type=allowed_tools]"],
  EasyInputMessage: item("message"),
  "ResponseInputItem.Message": item("message"),
  ResponseInputText: item("message", `${message}[type=input_text]`),
  ResponseInputImage: item("message", `${message}[type=input_image]`),
  ResponseInputFile: item("message", `${message}[type=input_file]`),
  ResponseInputAudio: item("message", `${message}[type=input_audio]`),
  "ResponseInputAudio.InputAudio": item("message", `${message}.input_audio`),
  ResponseFunctionToolCall: item("function_call"),
  "ResponseInputItem.FunctionCallOutput": item("function_call_output"),
  ResponseCustomToolCall: item("custom_tool_call"),
  ResponseCustomToolCallOutput: item("custom_tool_call_output"),
  ResponseReasoningItem: item("reasoning"),
  ResponseCompactionItemParam: item("compaction"),
  "ResponseInputItem.ItemReference": item("item_reference"),
  Response: [ResponseSchema, ""],
  "Response.IncompleteDetails": [ResponseSchema, "incomplete_details"],
  "Response.Conversation": [ResponseSchema, "conversation"],
  ResponseError: [ResponseSchema, "error"],
  ResponseUsage: [ResponseSchema, "usage"],
  "ResponseUsage.InputTokensDetails": [ResponseSchema, "usage.input_tokens_details"],
  "ResponseUsage.OutputTokensDetails": [ResponseSchema, "usage.output_tokens_details"],
  ResponseOutputMessage: output("message"),
  ResponseOutputText: output("message", `${message}[type=output_text]`),
  "ResponseOutputText.Logprob": output("message", `${message}.logprobs`),
  "ResponseOutputText.Logprob.TopLogprob": output("message", `${message}.logprobs.top_logprobs`),
  ResponseOutputRefusal: output("message", `${message}[type=refusal]`),
  "ResponseReasoningItem.Summary": output("reasoning", "summary"),
  ResponseCreatedEvent: event("response.created"),
  ResponseQueuedEvent: event("response.queued"),
  ResponseInProgressEvent: event("response.in_progress"),
  ResponseOutputItemAddedEvent: event("response.output_item.added"),
  ResponseOutputItemDoneEvent: event("response.output_item.done"),
  ResponseContentPartAddedEvent: event("response.content_part.added"),
  ResponseContentPartDoneEvent: event("response.content_part.done"),
  ResponseTextDeltaEvent: event("response.output_text.delta"),
  ResponseTextDoneEvent: event("response.output_text.done"),
  ResponseRefusalDeltaEvent: event("response.refusal.delta"),
  ResponseRefusalDoneEvent: event("response.refusal.done"),
  ResponseReasoningSummaryPartAddedEvent: event("response.reasoning_summary_part.added"),
  ResponseReasoningSummaryPartDoneEvent: event("response.reasoning_summary_part.done"),
  ResponseReasoningSummaryTextDeltaEvent: event("response.reasoning_summary_text.delta"),
  ResponseReasoningSummaryTextDoneEvent: event("response.reasoning_summary_text.done"),
  ResponseFunctionCallArgumentsDeltaEvent: event("response.function_call_arguments.delta"),
  ResponseFunctionCallArgumentsDoneEvent: event("response.function_call_arguments.done"),
  ResponseCustomToolCallInputDeltaEvent: event("response.custom_tool_call_input.delta"),
  ResponseCustomToolCallInputDoneEvent: event("response.custom_tool_call_input.done"),
  ResponseCompletedEvent: event("response.completed"),
  ResponseIncompleteEvent: event("response.incomplete"),
  ResponseFailedEvent: event("response.failed"),
  ResponseErrorEvent: event("error"),
  CompactedResponse: [CompactedResponse, ""],
  ResponseCompactParams: [CompactRequest, ""],
  InputTokenCountParams: [InputTokensRequest, ""],
  InputTokenCountResponse: [InputTokens, ""],
};

function variantsOf({ anyOf }: TSchema, type: string): TSchema[] {
  const variants: TSchema[] = anyOf;
  return variants.filter(({ properties }) => wordsIn(properties["type"]).includes(type));
}

function wordsIn({ const: word, anyOf }: TSchema): unknown[] {
  const variants: TSchema[] = anyOf ?? [];
  return [word, ...variants.flatMap(wordsIn)];
}

const noPrograms = "There are no programs that call tools.";
const noCache = "A hint for a cache that we do not have.";
const noHosted = "Of hosted features that are not there.";
const kept = "Taken and kept as it is; not used.";

/** Properties of OpenAI's that our schemas do not have, each with the reason. */
export const responsesNotSupported: Readonly<Record<string, string>> = {
  "CompactedResponse.image": noHosted,
  "CustomTool.allowed_callers": noPrograms,
  "CustomTool.async": kept,
  "CustomTool.defer_loading": kept,
  "FunctionTool.allowed_callers": noPrograms,
  "FunctionTool.async": kept,
  "FunctionTool.defer_loading": kept,
  "FunctionTool.output_schema": kept,
  "InputTokenCountParams.personality": noHosted,
  "Reasoning.context": kept,
  "Reasoning.mode": kept,
  "Response.access_programs": noHosted,
  "Response.image": noHosted,
  "Response.moderation": "We do not moderate.",
  "Response.output_text": "Made by the clients.",
  "Response.prompt": "No prompts are kept here.",
  "Response.prompt_cache_diagnostics": noCache,
  "Response.prompt_cache_options": noCache,
  "Response.prompt_cache_retention": noCache,
  "Response.tool_usage": noHosted,
  "ResponseCompactParams.image": noHosted,
  "ResponseCustomToolCall.async": kept,
  "ResponseCustomToolCall.caller": noPrograms,
  "ResponseCustomToolCallOutput.caller": noPrograms,
  "ResponseError.misalignment": noHosted,
  "ResponseError.param": "Optional; stands in the error event.",
  "ResponseError.type": "Optional; stands in the error event.",
  "ResponseFunctionToolCall.async": kept,
  "ResponseFunctionToolCall.caller": noPrograms,
  "ResponseInputFile.prompt_cache_breakpoint": noCache,
  "ResponseInputImage.prompt_cache_breakpoint": noCache,
  "ResponseInputItem.FunctionCallOutput.caller": noPrograms,
  "ResponseInputText.prompt_cache_breakpoint": noCache,
  "ResponseOutputMessage.phase": "No model tells it.",
  "ResponseReasoningSummaryPartDoneEvent.status": "Only of parts that were cut off, whose item says it.",
  "ResponseUsage.InputTokensDetails.cache_write_tokens_details":
    "An optional breakdown that no backend reports.",
};
