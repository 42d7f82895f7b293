import type {
  CallContext,
  EmbeddingRequest,
  EmbeddingResult,
  EventBatch,
  GenerationRequest,
} from "./generation.ts";

export interface GenerateOptions {
  /** Whether anybody will read the usage; counting costs a tokenizer. */
  usage: boolean;
}

/** A generation that was accepted and has a backend. */
export interface Generating {
  /** The id to answer with: the client's own, else the default's public id. */
  model: string;
  /** Wire names of fields that were given and have no effect. */
  ignored: readonly string[];
  /** What the backend has to be told and nobody gave, as `name=value`. */
  assumed: readonly string[];
  /** The requests as the backend gets them: token prompts may have become text. */
  requests: readonly GenerationRequest[];
  /**
   * Tokens of the prompts as they are counted here, with `usage`. Asked before `events` are read, it is known about when
   * they begin; nothing is counted twice. Never rejects.
   */
  promptTokens: () => Promise<number>;
  /** Choices of prompt `i` are numbered from `i * choices`. With `usage`, a `usage` event is the last. */
  events: AsyncIterable<EventBatch>;
}

/**
 * The only way to a backend, for surfaces and for agents: runs one request for each prompt, all alike but for the
 * prompt. What can be told without the backend is told by a rejection (`ServeError`): no such model, not supported,
 * too long. The rest fails while reading `events`.
 */
export type Generate = (
  requests: readonly GenerationRequest[],
  context: CallContext,
  options: GenerateOptions,
) => Promise<Generating>;

/**
 * Tokens of a request's prompt, as they are counted for the usage of its answer; nothing is generated, and a prompt may
 * be longer than the model's context. Rejects with a `ServeError`: no such model, or its backend cannot be asked.
 */
export type CountTokens = (request: GenerationRequest, context: CallContext) => Promise<number>;

/** An embedding request's answer. */
export interface Embedded {
  /** As in `Generating`, both. */
  model: string;
  ignored: readonly string[];
  result: EmbeddingResult & { promptTokens: number };
}

/**
 * The way to a backend that embeds. Rejects with a `ServeError`: no such model, not supported, too long, or whatever
 * became of the call.
 */
export type Embed = (request: EmbeddingRequest, context: CallContext) => Promise<Embedded>;
