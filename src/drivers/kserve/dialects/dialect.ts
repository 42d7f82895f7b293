import type { GenerationEvent, Sampling } from "../../../core/generation.ts";
import type { InferRequest, InferResponse } from "../codec/messages.ts";

/** A request for text, with the prompt rendered. */
export interface TextRequest {
  /** The backend's own name of the model. */
  model: string;
  prompt: string;
  sampling: Sampling;
  extra: Readonly<Record<string, unknown>>;
}

/** `infer` answers once, `stream` token by token. */
export type Rpc = "infer" | "stream";

/** Turns the answers of one call into events of choice 0. Throws `ServeError` and `MalformedTensor`. */
export interface AnswerReader {
  /** Adds the events of one message to `events`, possibly none. */
  read(response: InferResponse, events: GenerationEvent[]): void;
  /** The server ended the call with OK: adds what is missing, at least the `finish` if there was none. */
  end(events: GenerationEvent[]): void;
  /** Whether `finish` was given. */
  readonly finished: boolean;
}

/** What a server says about the model behind it. */
export interface ModelFacts {
  name?: string;
  contextTokens?: number;
}

/** How one kind of server lays out tensors. Pure: no gRPC, no clock. */
export interface Dialect {
  readonly ownedBy: string;
  /** Sampling fields and uninterpreted request fields that have a tensor. */
  readonly sampling: ReadonlySet<keyof Sampling>;
  readonly extra: ReadonlySet<string>;
  call(request: TextRequest, rpc: Rpc): InferRequest;
  /** `warn` is told what an operator should know about the server. */
  reader(rpc: Rpc, warn: (text: string) => void): AnswerReader;
  /** Asks, with the unary rpc, what the model is. */
  facts: { call: InferRequest; read(response: InferResponse): ModelFacts };
}
