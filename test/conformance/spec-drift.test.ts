import { describe, expect, test } from "bun:test";
import { Kind, type TSchema } from "@sinclair/typebox";
import { ChatCompletion, ChatCompletionChunk } from "../../src/api/chat/answer-schema.ts";
import { Batch, CreateBatchRequest } from "../../src/api/batches/schema.ts";
import { ChatCompletionRequest } from "../../src/api/chat/schema.ts";
import { Completion, CompletionRequest } from "../../src/api/completions/schema.ts";
import { CreateEmbeddingRequest, CreateEmbeddingResponse } from "../../src/api/embeddings/schema.ts";
import { ChatCompletionDeleted, ChatCompletionMessageList } from "../../src/api/chat/stored/schema.ts";
import { MetadataUpdate } from "../../src/api/common/fields.ts";
import { ItemList } from "../../src/api/common/items/stored-schema.ts";
import {
  AddItemsRequest,
  Conversation,
  ConversationDeleted,
  CreateConversationRequest,
} from "../../src/api/conversations/schema.ts";
import { CreateFileRequest, FileDeleted, FileObject } from "../../src/api/files/schema.ts";
import { Model } from "../../src/api/models/schema.ts";
import { openaiProperties } from "./openai-properties.ts";
import { readOpenaiProperties } from "./openai-types.ts";
import { responsePlaces, responsesNotSupported } from "./response-places.ts";

const request = ChatCompletionRequest;
const message = (role: string) => `messages[role=${role}]`;

/** Where each of OpenAI's types is in our schemas. */
const places: Readonly<Record<string, readonly [TSchema, string]>> = {
  ChatCompletionCreateParamsBase: [request, ""],
  ChatCompletionStreamOptions: [request, "stream_options"],
  ChatCompletionSystemMessageParam: [request, message("system")],
  ChatCompletionDeveloperMessageParam: [request, message("developer")],
  ChatCompletionUserMessageParam: [request, message("user")],
  ChatCompletionAssistantMessageParam: [request, message("assistant")],
  "ChatCompletionAssistantMessageParam.FunctionCall": [request, `${message("assistant")}.function_call`],
  ChatCompletionToolMessageParam: [request, message("tool")],
  ChatCompletionFunctionMessageParam: [request, message("function")],
  ChatCompletionContentPartText: [request, `${message("user")}.content[type=text]`],
  ChatCompletionContentPartRefusal: [request, `${message("assistant")}.content[type=refusal]`],
  ChatCompletionContentPartImage: [request, `${message("user")}.content[type=image_url]`],
  "ChatCompletionContentPartImage.ImageURL": [request, `${message("user")}.content.image_url`],
  ChatCompletionContentPartInputAudio: [request, `${message("user")}.content[type=input_audio]`],
  "ChatCompletionContentPartInputAudio.InputAudio": [request, `${message("user")}.content.input_audio`],
  "ChatCompletionContentPart.File": [request, `${message("user")}.content[type=file]`],
  "ChatCompletionContentPart.File.File": [request, `${message("user")}.content.file`],
  ChatCompletionFunctionTool: [request, "tools[type=function]"],
  FunctionDefinition: [request, "tools.function"],
  ChatCompletionCustomTool: [request, "tools[type=custom]"],
  "ChatCompletionCustomTool.Custom": [request, "tools.custom"],
  ChatCompletionNamedToolChoice: [request, "tool_choice[type=function]"],
  "ChatCompletionNamedToolChoice.Function": [request, "tool_choice.function"],
  ChatCompletionNamedToolChoiceCustom: [request, "tool_choice[type=custom]"],
  "ChatCompletionNamedToolChoiceCustom.Custom": [request, "tool_choice.custom"],
  ChatCompletionAllowedToolChoice: [request, "tool_choice[type=allowed_tools]"],
  ChatCompletionAllowedTools: [request, "tool_choice.allowed_tools"],
  ChatCompletionFunctionCallOption: [request, "function_call"],
  "ChatCompletionCreateParams.Function": [request, "functions"],
  ResponseFormatText: [request, "response_format[type=text]"],
  ResponseFormatJSONObject: [request, "response_format[type=json_object]"],
  ResponseFormatJSONSchema: [request, "response_format[type=json_schema]"],
  "ResponseFormatJSONSchema.JSONSchema": [request, "response_format.json_schema"],
  ChatCompletion: [ChatCompletion, ""],
  "ChatCompletion.Choice": [ChatCompletion, "choices"],
  "ChatCompletion.Choice.Logprobs": [ChatCompletion, "choices.logprobs"],
  ChatCompletionTokenLogprob: [ChatCompletion, "choices.logprobs.content"],
  "ChatCompletionTokenLogprob.TopLogprob": [ChatCompletion, "choices.logprobs.content.top_logprobs"],
  ChatCompletionMessage: [ChatCompletion, "choices.message"],
  "ChatCompletionMessage.FunctionCall": [ChatCompletion, "choices.message.function_call"],
  ChatCompletionMessageFunctionToolCall: [ChatCompletion, "choices.message.tool_calls[type=function]"],
  "ChatCompletionMessageFunctionToolCall.Function": [ChatCompletion, "choices.message.tool_calls.function"],
  ChatCompletionMessageCustomToolCall: [ChatCompletion, "choices.message.tool_calls[type=custom]"],
  "ChatCompletionMessageCustomToolCall.Custom": [ChatCompletion, "choices.message.tool_calls.custom"],
  ChatCompletionChunk: [ChatCompletionChunk, ""],
  "ChatCompletionChunk.Choice": [ChatCompletionChunk, "choices"],
  "ChatCompletionChunk.Choice.Logprobs": [ChatCompletionChunk, "choices.logprobs"],
  "ChatCompletionChunk.Choice.Delta": [ChatCompletionChunk, "choices.delta"],
  "ChatCompletionChunk.Choice.Delta.FunctionCall": [ChatCompletionChunk, "choices.delta.function_call"],
  "ChatCompletionChunk.Choice.Delta.ToolCall": [ChatCompletionChunk, "choices.delta.tool_calls"],
  "ChatCompletionChunk.Choice.Delta.ToolCall.Function": [
    ChatCompletionChunk,
    "choices.delta.tool_calls.function",
  ],
  CompletionCreateParamsBase: [CompletionRequest, ""],
  Completion: [Completion, ""],
  CompletionChoice: [Completion, "choices"],
  "CompletionChoice.Logprobs": [Completion, "choices.logprobs"],
  CompletionUsage: [Completion, "usage"],
  "CompletionUsage.CompletionTokensDetails": [Completion, "usage.completion_tokens_details"],
  "CompletionUsage.PromptTokensDetails": [Completion, "usage.prompt_tokens_details"],
  EmbeddingCreateParams: [CreateEmbeddingRequest, ""],
  CreateEmbeddingResponse: [CreateEmbeddingResponse, ""],
  "CreateEmbeddingResponse.Usage": [CreateEmbeddingResponse, "usage"],
  Embedding: [CreateEmbeddingResponse, "data"],
  Model: [Model, ""],
  FileCreateParams: [CreateFileRequest, ""],
  FileObject: [FileObject, ""],
  FileDeleted: [FileDeleted, ""],
  ConversationCreateParams: [CreateConversationRequest, ""],
  ConversationUpdateParams: [MetadataUpdate, ""],
  Conversation: [Conversation, ""],
  ConversationDeletedResource: [ConversationDeleted, ""],
  ItemCreateParams: [AddItemsRequest, ""],
  ConversationItemList: [ItemList, ""],
  ChatCompletionDeleted: [ChatCompletionDeleted, ""],
  ChatCompletionStoreMessage: [ChatCompletionMessageList, "data"],
  ChatCompletionUpdateParams: [MetadataUpdate, ""],
  BatchCreateParams: [CreateBatchRequest, ""],
  "BatchCreateParams.OutputExpiresAfter": [CreateBatchRequest, "output_expires_after"],
  Batch: [Batch, ""],
  "Batch.Errors": [Batch, "errors"],
  BatchError: [Batch, "errors.data"],
  BatchRequestCounts: [Batch, "request_counts"],
  BatchUsage: [Batch, "usage"],
  "BatchUsage.InputTokensDetails": [Batch, "usage.input_tokens_details"],
  "BatchUsage.OutputTokensDetails": [Batch, "usage.output_tokens_details"],
  ...responsePlaces,
};

const keptUnread = "Taken as a field that we do not know; a backend may have a use for it.";
const noAudio = "There are no audio answers: `modalities` with audio is refused.";
const noModeration = "We do not moderate.";
const noMoreKinds = "An optional breakdown that no backend reports.";

/** Properties of OpenAI's that our schemas do not have, each with the reason. */
const notSupported: Readonly<Record<string, string>> = {
  "ItemCreateParams.include": "A parameter of the query: taken, and all of an item is given anyway.",
  "ChatCompletionCreateParamsBase.audio": noAudio,
  "ChatCompletionCreateParamsBase.moderation": noModeration,
  "ChatCompletionCreateParamsBase.prediction": keptUnread,
  "ChatCompletionCreateParamsBase.prompt_cache_key": "Bookkeeping: taken and not used.",
  "ChatCompletionCreateParamsBase.prompt_cache_options": "Bookkeeping: taken and not used.",
  "ChatCompletionCreateParamsBase.prompt_cache_retention": "Bookkeeping: taken and not used.",
  "ChatCompletionCreateParamsBase.safety_identifier": "Bookkeeping: taken and not used.",
  "ChatCompletionCreateParamsBase.verbosity": keptUnread,
  "ChatCompletionCreateParamsBase.web_search_options": keptUnread,
  "ChatCompletionAssistantMessageParam.audio": noAudio,
  "ChatCompletionContentPartText.prompt_cache_breakpoint": "A hint for a cache that we do not have.",
  "ChatCompletionContentPartImage.prompt_cache_breakpoint": "A hint for a cache that we do not have.",
  "ChatCompletionContentPartInputAudio.prompt_cache_breakpoint": "A hint for a cache that we do not have.",
  "ChatCompletionContentPart.File.prompt_cache_breakpoint": "A hint for a cache that we do not have.",
  "ChatCompletionCustomTool.Custom.format": "Grammars are not enforced.",
  "ChatCompletion.moderation": noModeration,
  "ChatCompletionMessage.audio": noAudio,
  "ChatCompletionChunk.moderation": noModeration,
  "ChatCompletionChunk.obfuscation": "Padding that is optional for every client.",
  "ChatCompletionChunk.Choice.Delta.audio": noAudio,
  "CompletionUsage.CompletionTokensDetails.text_tokens": noMoreKinds,
  "CompletionUsage.PromptTokensDetails.cache_write_tokens": noMoreKinds,
  "CompletionUsage.PromptTokensDetails.image_tokens": noMoreKinds,
  "CompletionUsage.PromptTokensDetails.text_tokens": noMoreKinds,
  "FileCreateParams.expires_after": "A form has no objects: its two fields are described as they are sent.",
  "FileObject.status_details": "Deprecated, and of files for training.",
  "Model.shutdown_date": "We know of no model's end.",
  ...responsesNotSupported,
};

test("the committed list is that of the installed package", () => {
  expect(openaiProperties).toEqual(readOpenaiProperties());
});

test("every type of the list has a place in our schemas", () => {
  expect(Object.keys(places).toSorted()).toEqual(Object.keys(openaiProperties).toSorted());
});

describe("every property that OpenAI describes is ours too, or left out for a reason:", () => {
  for (const [type, [schema, path]] of Object.entries(places)) {
    test(type, () => {
      const ours = propertiesAt(schema, path);
      const missing = (openaiProperties[type] ?? []).filter((name) => !ours.has(name));

      expect(ours.size).toBeGreaterThan(0);
      expect(missing.filter((name) => notSupported[`${type}.${name}`] === undefined)).toEqual([]);
    });
  }
});

test("nothing is said to be left out that is there, or that OpenAI does not describe", () => {
  const stale = Object.keys(notSupported).filter((entry) => {
    const type = entry.slice(0, entry.lastIndexOf("."));
    const name = entry.slice(type.length + 1);
    const [schema, path] = places[type] ?? [Model, ""];
    return propertiesAt(schema, path).has(name) || openaiProperties[type]?.includes(name) !== true;
  });

  expect(stale).toEqual([]);
});

/** Properties of the objects at `path`: `field.field[tag=word]`, through arrays and all variants of unions. */
function propertiesAt(root: TSchema, path: string): Set<string> {
  let objects = objectsIn(root);
  for (const step of path === "" ? [] : path.split(".")) {
    const { name = "", tag, word } = /^(?<name>\w+)(\[(?<tag>\w+)=(?<word>\w+)\])?$/.exec(step)?.groups ?? {};
    objects = objects.flatMap((object) => objectsIn(object["properties"][name]));
    if (tag !== undefined)
      objects = objects.filter((object) => wordsOf(object["properties"][tag]).includes(word ?? ""));
  }
  return new Set(objects.flatMap((object) => Object.keys(object["properties"])));
}

function objectsIn(schema: TSchema | undefined): TSchema[] {
  if (schema === undefined) return [];
  if (schema[Kind] === "Object") return [schema];
  if (schema[Kind] === "Array") return objectsIn(schema["items"]);
  const variants: readonly TSchema[] = schema["anyOf"] ?? [];
  return variants.flatMap((variant) => objectsIn(variant));
}

function wordsOf(schema: TSchema | undefined): unknown[] {
  const variants: readonly TSchema[] = schema?.["anyOf"] ?? [];
  return schema === undefined ? [] : [schema["const"], ...variants.flatMap((variant) => wordsOf(variant))];
}
