/**
 * Reads property names from the types of the installed `openai` package, which are made from OpenAI's published
 * description. `bun test/conformance/openai-types.ts > test/conformance/openai-properties.ts`, then oxfmt, renews
 * the committed list after an update of the package.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";

const resources = join(import.meta.dir, "../../node_modules/openai-node-7/resources");

/** The types of the surfaces that we have, by file; a dot leads into the type's namespace. */
const types = {
  "files.d.ts": ["FileCreateParams", "FileObject", "FileDeleted"],
  "batches.d.ts": [
    "BatchCreateParams",
    "BatchCreateParams.OutputExpiresAfter",
    "Batch",
    "Batch.Errors",
    "BatchError",
    "BatchRequestCounts",
    "BatchUsage",
    "BatchUsage.InputTokensDetails",
    "BatchUsage.OutputTokensDetails",
  ],
  "conversations/conversations.d.ts": [
    "ConversationCreateParams",
    "ConversationUpdateParams",
    "Conversation",
    "ConversationDeletedResource",
  ],
  "conversations/items.d.ts": ["ItemCreateParams", "ConversationItemList"],
  "chat/completions/completions.d.ts": [
    "ChatCompletionDeleted",
    "ChatCompletionStoreMessage",
    "ChatCompletionUpdateParams",
    "ChatCompletionCreateParamsBase",
    "ChatCompletionStreamOptions",
    "ChatCompletionSystemMessageParam",
    "ChatCompletionDeveloperMessageParam",
    "ChatCompletionUserMessageParam",
    "ChatCompletionAssistantMessageParam",
    "ChatCompletionAssistantMessageParam.FunctionCall",
    "ChatCompletionToolMessageParam",
    "ChatCompletionFunctionMessageParam",
    "ChatCompletionContentPartText",
    "ChatCompletionContentPartRefusal",
    "ChatCompletionContentPartImage",
    "ChatCompletionContentPartImage.ImageURL",
    "ChatCompletionContentPartInputAudio",
    "ChatCompletionContentPartInputAudio.InputAudio",
    "ChatCompletionContentPart.File",
    "ChatCompletionContentPart.File.File",
    "ChatCompletionFunctionTool",
    "ChatCompletionCustomTool",
    "ChatCompletionCustomTool.Custom",
    "ChatCompletionNamedToolChoice",
    "ChatCompletionNamedToolChoice.Function",
    "ChatCompletionNamedToolChoiceCustom",
    "ChatCompletionNamedToolChoiceCustom.Custom",
    "ChatCompletionAllowedToolChoice",
    "ChatCompletionAllowedTools",
    "ChatCompletionFunctionCallOption",
    "ChatCompletionCreateParams.Function",
    "ChatCompletion",
    "ChatCompletion.Choice",
    "ChatCompletion.Choice.Logprobs",
    "ChatCompletionTokenLogprob",
    "ChatCompletionTokenLogprob.TopLogprob",
    "ChatCompletionMessage",
    "ChatCompletionMessage.FunctionCall",
    "ChatCompletionMessageFunctionToolCall",
    "ChatCompletionMessageFunctionToolCall.Function",
    "ChatCompletionMessageCustomToolCall",
    "ChatCompletionMessageCustomToolCall.Custom",
    "ChatCompletionChunk",
    "ChatCompletionChunk.Choice",
    "ChatCompletionChunk.Choice.Logprobs",
    "ChatCompletionChunk.Choice.Delta",
    "ChatCompletionChunk.Choice.Delta.FunctionCall",
    "ChatCompletionChunk.Choice.Delta.ToolCall",
    "ChatCompletionChunk.Choice.Delta.ToolCall.Function",
  ],
  "shared.d.ts": [
    "FunctionDefinition",
    "ResponseFormatText",
    "ResponseFormatJSONObject",
    "ResponseFormatJSONSchema",
    "ResponseFormatJSONSchema.JSONSchema",
    "Reasoning",
  ],
  "completions.d.ts": [
    "CompletionCreateParamsBase",
    "Completion",
    "CompletionChoice",
    "CompletionChoice.Logprobs",
    "CompletionUsage",
    "CompletionUsage.CompletionTokensDetails",
    "CompletionUsage.PromptTokensDetails",
  ],
  "embeddings.d.ts": [
    "EmbeddingCreateParams",
    "CreateEmbeddingResponse",
    "CreateEmbeddingResponse.Usage",
    "Embedding",
  ],
  "models.d.ts": ["Model"],
  "responses/responses.d.ts": [
    "ResponseCreateParamsBase",
    "ResponseCreateParams.StreamOptions",
    "ResponseConversationParam",
    "ResponseTextConfig",
    "ResponseFormatTextJSONSchemaConfig",
    "FunctionTool",
    "CustomTool",
    "NamespaceTool",
    "ToolChoiceFunction",
    "ToolChoiceCustom",
    "ToolChoiceAllowed",
    "EasyInputMessage",
    "ResponseInputItem.Message",
    "ResponseInputText",
    "ResponseInputImage",
    "ResponseInputFile",
    "ResponseInputAudio",
    "ResponseInputAudio.InputAudio",
    "ResponseFunctionToolCall",
    "ResponseInputItem.FunctionCallOutput",
    "ResponseCustomToolCall",
    "ResponseCustomToolCallOutput",
    "ResponseReasoningItem",
    "ResponseCompactionItemParam",
    "ResponseInputItem.ItemReference",
    "Response",
    "Response.IncompleteDetails",
    "Response.Conversation",
    "ResponseError",
    "ResponseUsage",
    "ResponseUsage.InputTokensDetails",
    "ResponseUsage.OutputTokensDetails",
    "ResponseOutputMessage",
    "ResponseOutputText",
    "ResponseOutputText.Logprob",
    "ResponseOutputText.Logprob.TopLogprob",
    "ResponseOutputRefusal",
    "ResponseReasoningItem.Summary",
    "ResponseCreatedEvent",
    "ResponseQueuedEvent",
    "ResponseInProgressEvent",
    "ResponseOutputItemAddedEvent",
    "ResponseOutputItemDoneEvent",
    "ResponseContentPartAddedEvent",
    "ResponseContentPartDoneEvent",
    "ResponseTextDeltaEvent",
    "ResponseTextDoneEvent",
    "ResponseRefusalDeltaEvent",
    "ResponseRefusalDoneEvent",
    "ResponseReasoningSummaryPartAddedEvent",
    "ResponseReasoningSummaryPartDoneEvent",
    "ResponseReasoningSummaryTextDeltaEvent",
    "ResponseReasoningSummaryTextDoneEvent",
    "ResponseFunctionCallArgumentsDeltaEvent",
    "ResponseFunctionCallArgumentsDoneEvent",
    "ResponseCustomToolCallInputDeltaEvent",
    "ResponseCustomToolCallInputDoneEvent",
    "ResponseCompletedEvent",
    "ResponseIncompleteEvent",
    "ResponseFailedEvent",
    "ResponseErrorEvent",
    "CompactedResponse",
    "ResponseCompactParams",
  ],
  "responses/input-tokens.d.ts": ["InputTokenCountParams", "InputTokenCountResponse"],
} as const;

/** Names of the properties of each type, in order. */
export function readOpenaiProperties(): Record<string, string[]> {
  const properties: Record<string, string[]> = {};
  for (const [file, names] of Object.entries(types)) {
    const lines = readFileSync(join(resources, file), "utf8").split("\n");
    for (const name of names) properties[name] = propertiesOf(lines, name);
  }
  return properties;
}

function propertiesOf(lines: readonly string[], name: string): string[] {
  const path = name.split(".");
  let block = lines;
  for (const [depth, part] of path.entries()) {
    const keyword = depth === path.length - 1 ? "interface" : "namespace";
    block = blockOf(block, new RegExp(`^ *(export )?(declare )?${keyword} ${part}\\b`));
  }
  const indent = " ".repeat(path.length * 4);
  const property = new RegExp(`^${indent}(\\w+)\\??:`);
  const found = block.flatMap((line) => property.exec(line)?.[1] ?? []);
  if (found.length === 0) throw new Error(`No properties of ${name} were found.`);
  return found;
}

/** The lines between the one that matches and its closing brace. */
function blockOf(lines: readonly string[], opening: RegExp): string[] {
  const start = lines.findIndex((line) => opening.test(line));
  const [indent = ""] = /^ */.exec(lines[start] ?? "") ?? [];
  const end = lines.indexOf(`${indent}}`, start);
  if (start === -1 || end === -1) throw new Error(`The types have nothing like ${opening}.`);
  return lines.slice(start + 1, end);
}

if (import.meta.main) {
  process.stdout.write(
    "/** Property names of OpenAI's wire by type, written by `openai-types.ts`; do not edit. */\n" +
      `export const openaiProperties: Readonly<Record<string, readonly string[]>> = ${JSON.stringify(readOpenaiProperties())};\n`,
  );
}
