import { Batch, BatchList, CreateBatchRequest } from "./batches/schema.ts";
import { ChatCompletion, ChatCompletionChunk } from "./chat/answer-schema.ts";
import { ChatCompletionRequest } from "./chat/schema.ts";
import {
  ChatCompletionDeleted,
  ChatCompletionList,
  ChatCompletionMessageList,
} from "./chat/stored/schema.ts";
import { ErrorSchema, MetadataUpdate } from "./common/fields.ts";
import { ItemList, StoredItem } from "./common/items/stored-schema.ts";
import {
  AddItemsRequest,
  Conversation,
  ConversationDeleted,
  CreateConversationRequest,
} from "./conversations/schema.ts";
import { CreateFileRequest, FileDeleted, FileList, FileObject } from "./files/schema.ts";
import { Completion, CompletionChunk, CompletionRequest } from "./completions/schema.ts";
import { CreateEmbeddingRequest, CreateEmbeddingResponse } from "./embeddings/schema.ts";
import {
  CompactedResponse,
  DeletedResponse,
  InputTokens,
  ResponseSchema,
  ResponseStreamEvent,
} from "./responses/answer-schema.ts";
import { CompactRequest, InputTokensRequest, ResponseRequest } from "./responses/schema.ts";
import { Message, MessageError, MessageEvent, TokenCount } from "./messages/answer-schema.ts";
import { CountTokensRequest, MessageRequest } from "./messages/schema.ts";
import { Model, ModelList } from "./models/schema.ts";
import { HealthStatus, Liveness, Readiness, ServerInformation } from "./ops/schema.ts";
import {
  DetokenizeRequest,
  DetokenizeResponse,
  TokenizeRequest,
  TokenizeResponse,
} from "./tokenize/schema.ts";

/**
 * The schemas that routes name in their descriptions. They are registered where the document is made: as models of
 * the application they would slow down every start.
 */
export const schemas = {
  ChatCompletionRequest,
  ChatCompletion,
  ChatCompletionChunk,
  ChatCompletionList,
  ChatCompletionDeleted,
  ChatCompletionMessageList,
  MetadataUpdate,
  ResponseRequest,
  Response: ResponseSchema,
  ResponseStreamEvent,
  InputTokensRequest,
  InputTokens,
  CompactRequest,
  CompactedResponse,
  DeletedResponse,
  ItemList,
  StoredItem,
  CreateConversationRequest,
  Conversation,
  ConversationDeleted,
  AddItemsRequest,
  MessageRequest,
  Message,
  MessageEvent,
  MessageError,
  CountTokensRequest,
  TokenCount,
  CompletionRequest,
  Completion,
  CompletionChunk,
  CreateEmbeddingRequest,
  CreateEmbeddingResponse,
  CreateFileRequest,
  FileObject,
  FileList,
  FileDeleted,
  CreateBatchRequest,
  Batch,
  BatchList,
  TokenizeRequest,
  TokenizeResponse,
  DetokenizeRequest,
  DetokenizeResponse,
  Model,
  ModelList,
  Error: ErrorSchema,
  ServerInformation,
  HealthStatus,
  Liveness,
  Readiness,
};
