import type { Capabilities, GenerationEvent, Sampling } from "../../../core/generation.ts";
import type { InferRequest, InferResponse, ModelConfig, ModelMetadata } from "../codec/messages.ts";

/** What the text must be, where a server can enforce it. */
export type Constraint =
  | { kind: "json" }
  | { kind: "schema"; schema: Readonly<Record<string, unknown>> }
  | { kind: "choice"; words: readonly string[] };

/** An image of the prompt, in order. */
export interface PromptImage {
  /** `https://…` or `data:…;base64,…`, as the client gave it. */
  url: string;
  /** The bytes in base64, where the dialect asks for them (`abilities.images === "bytes"`). */
  base64?: string;
}

/** A request for text, with the prompt rendered. */
export interface TextRequest {
  /** The server's own name of the model. */
  model: string;
  /** Sent as the message's id; the server may repeat it in its log. */
  requestId: string;
  prompt: string;
  sampling: Sampling;
  extra: Readonly<Record<string, unknown>>;
  /** At most `abilities.choices`. */
  choices: number;
  bestOf?: number;
  logprobs?: { top: number };
  /** Of a kind that `abilities.constraints` has. */
  constraint?: Constraint;
  /** Name of an adapter. */
  lora?: string;
  images: readonly PromptImage[];
  /** Whether the client streams. A dialect that must see each token may stream all the same. */
  stream: boolean;
}

/** `infer` answers once, `stream` in any number of messages. */
export type Rpc = "infer" | "stream";

/** Turns the answers of one call into events. Throws `ServeError` and `MalformedTensor`. */
export interface AnswerReader {
  /** Adds the events of one message to `events`, possibly none. */
  read(response: InferResponse, events: GenerationEvent[]): void;
  /** The server ended the call with OK: adds what is missing, at least the `finish` of each choice without one. */
  end(events: GenerationEvent[]): void;
  /** Whether nothing that may still come is wanted: every choice has its `finish`, and usage is known or never comes. */
  readonly finished: boolean;
}

/** What a server says about the model behind it. */
export interface ModelFacts {
  name?: string;
  contextTokens?: number;
}

/** What calls of a model can express; the fields of `Capabilities` mean the same there. */
export interface DialectAbilities extends Pick<
  Capabilities,
  "choices" | "sampling" | "logprobs" | "bestOf" | "reportsLength" | "cutsStop"
> {
  extra: ReadonlySet<string>;
  constraints: ReadonlySet<Constraint["kind"]>;
  /** How images are sent: as an address or data URL, or as their bytes. */
  images: "none" | "url" | "bytes";
  lora: boolean;
  /** It needs `sampling.maxTokens`: without one, the driver gives its own and says so. */
  needsMaxTokens: boolean;
  /** The rpcs that the model answers, the preferred one first. */
  rpcs: readonly Rpc[];
}

/** How one model of one kind of server lays out tensors. Pure: no gRPC, no clock. */
export interface Dialect {
  readonly name: DialectName;
  readonly ownedBy: string;
  readonly abilities: DialectAbilities;
  call(request: TextRequest, rpc: Rpc): InferRequest;
  /** `warn` is told what an operator should know about the server. */
  reader(request: TextRequest, rpc: Rpc, warn: (text: string) => void): AnswerReader;
  /** Asks, with the unary rpc, what the model is. */
  facts?: { call: InferRequest; read(response: InferResponse): ModelFacts };
  embeddings?: EmbeddingDialect;
}

/** How a model that embeds is asked, one input a call. */
export interface EmbeddingDialect {
  readonly dimensions: boolean;
  /** vLLM's models answer on the stream rpc only. */
  readonly rpc: Rpc;
  call(request: EmbeddingCall): InferRequest;
  /** Throws `MalformedTensor`. */
  read(response: InferResponse): Float32Array;
}

export interface EmbeddingCall {
  model: string;
  requestId: string;
  /** Text, or token ids where the dialect takes them. */
  input: string | readonly number[];
  dimensions?: number;
}

/** What is known of a model when its dialect is made. Servers that say nothing give no metadata. */
export interface ModelProfile {
  name: string;
  metadata?: ModelMetadata;
  config?: ModelConfig;
}

/** What the operator says of a model's tensors. */
export interface DialectOptions {
  /** AnyServe's layout. */
  layout?: "capability" | "model";
  tensors?: TensorMap;
  /** Key of vLLM's `sampling_parameters` for constrained decoding; `none` if the server, of any kind, has none. */
  structuredOutputs?: "structured_outputs" | "guided_decoding" | "none";
}

/**
 * The names of tensors where they cannot be guessed. A value is the tensor's name; datatype and shape come from the
 * model's metadata.
 */
export interface TensorMap {
  prompt?: string;
  stream?: string;
  text?: string;
  finish_reason?: string;
  prompt_tokens?: string;
  completion_tokens?: string;
  embedding?: string;
  /** Tensors of sampling parameters, by OpenAI's name of the parameter, such as `max_tokens`. */
  parameters?: Readonly<Record<string, string>>;
  /** Texts are the whole so far, not what is new. */
  cumulative?: boolean;
  /** Texts repeat the prompt. */
  echo?: boolean;
}

export type DialectName =
  | "anyserve"
  | "vllm"
  | "trtllm"
  | "llmapi"
  | "dynamo"
  | "mlserver"
  | "ovms"
  | "generic";

export type CreateDialect = (model: ModelProfile, options: DialectOptions) => Dialect;

/** `Sampling` fields by OpenAI's name of the parameter. */
export const samplingParameters = {
  max_tokens: "maxTokens",
  temperature: "temperature",
  top_p: "topP",
  top_k: "topK",
  seed: "seed",
  frequency_penalty: "frequencyPenalty",
  presence_penalty: "presencePenalty",
  logit_bias: "logitBias",
  stop: "stop",
} as const satisfies Record<string, keyof Sampling>;

/** In place of 0, which OpenAI takes for the likeliest token alone, and vLLM and TensorRT-LLM refuse. */
export const leastTopP = 1e-6;
