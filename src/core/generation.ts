/**
 * The vocabulary between surfaces (which speak a client's protocol) and backends (which speak a model
 * server's or an agent's). Nothing here knows a wire.
 */
import type { Log } from "./log.ts";

export type Role = "system" | "developer" | "user" | "assistant" | "tool";

export type ContentPart =
  | { type: "text"; text: string }
  | { type: "refusal"; text: string }
  | { type: "image"; url: string; detail?: string }
  | { type: "audio"; base64: string; format: string }
  | { type: "file"; filename?: string; base64?: string; fileId?: string };

export interface ToolCall {
  id: string;
  kind: "function" | "custom";
  name: string;
  /** For a function: JSON text as the model wrote it, possibly invalid. For a custom tool: free text. */
  arguments: string;
}

export interface Message {
  role: Role;
  content: readonly ContentPart[];
  name?: string;
  /** Of an assistant message. */
  toolCalls?: readonly ToolCall[];
  /** Of a tool message: the call that it answers. */
  toolCallId?: string;
}

export type JsonSchema = Readonly<Record<string, unknown>>;

export interface Tool {
  kind: "function" | "custom";
  name: string;
  description?: string;
  /** JSON Schema of the arguments of a function; absent means no arguments. */
  parameters?: JsonSchema;
  strict?: boolean;
}

export type ToolChoice =
  | { mode: "none" }
  | { mode: "auto" }
  | { mode: "required" }
  | { mode: "named"; name: string }
  | { mode: "allowed"; required: boolean; names: readonly string[] };

/** What the client gave; absent means not given, and nothing is invented on the way to the backend. */
export interface Sampling {
  maxTokens?: number;
  temperature?: number;
  topP?: number;
  topK?: number;
  seed?: number;
  frequencyPenalty?: number;
  presencePenalty?: number;
  logitBias?: Readonly<Record<string, number>>;
  /** Texts that end the answer and are not part of it. */
  stop?: readonly string[];
}

export type Prompt =
  | { kind: "messages"; messages: readonly Message[] }
  | { kind: "text"; text: string }
  | { kind: "tokens"; tokens: readonly number[] };

export type OutputFormat =
  | { kind: "text" }
  | { kind: "json" }
  | { kind: "json-schema"; name: string; schema: JsonSchema; strict: boolean };

export interface GenerationRequest {
  /** The id as the client sent it until dispatch resolves it, then the backend's own name. */
  model: string;
  prompt: Prompt;
  sampling: Sampling;
  /** How many answers, at least 1 (OpenAI's `n`). */
  choices: number;
  /** Candidates of which the likeliest `choices` are given; more than `choices` where given. */
  bestOf?: number;
  tools: readonly Tool[];
  toolChoice: ToolChoice;
  parallelToolCalls: boolean;
  output: OutputFormat;
  suffix?: string;
  /** `top` is how many alternatives to report beside each token, 0 to 20. */
  logprobs?: { top: number };
  /** Legacy scoring: the backend repeats the prompt with its logprobs. */
  echoLogprobs?: boolean;
  /** A hint is left out where the server refuses it. */
  reasoning?: { effort: string; isHint?: boolean };
  /** The finish is to say which stop string ended the answer: dispatch looks for them, and the backend is not told. */
  namesStop?: boolean;
  /** Of a prompt that is longer than the model's context, the oldest messages are left out; otherwise it is refused. */
  truncate?: boolean;
  /** A hint: a driver may use a unary call when false. */
  stream: boolean;
  /** Of the conversation that the request belongs to, where the backend keeps conversations. */
  conversationId?: string;
  /** Fields of the request that we do not interpret, under their wire names; a driver may forward them. */
  extra: Readonly<Record<string, unknown>>;
  /** Fields that keep books and change no answer, such as `user`, likewise; ignoring them misleads nobody. */
  notes?: Readonly<Record<string, unknown>>;
}

export interface TokenLogprob {
  token: string;
  logprob: number;
  bytes: readonly number[] | null;
  top: readonly { token: string; logprob: number; bytes: readonly number[] | null }[];
}

/** Why a choice ended. Failure is never a finish reason: it is thrown. */
export type FinishReason = "stop" | "length" | "tool-calls" | "content-filter";

export interface Usage {
  promptTokens: number;
  completionTokens: number;
  /** Part of `promptTokens`. */
  cachedTokens?: number;
  /** Part of `completionTokens`. */
  reasoningTokens?: number;
}

/**
 * The event contract, which every driver keeps:
 *
 * - the deltas of one choice come in order;
 * - `tool-call-start` opens a call, its deltas follow, it is over when the next call starts or the choice finishes;
 * - each choice has exactly one `finish`, and nothing of that choice comes after it;
 * - at most one `usage`, after every `finish`, and nothing after it; `metadata` may come anywhere before;
 * - a failure is a throw (`ServeError`), never an event.
 */
export type GenerationEvent =
  | {
      type: "text-delta";
      choice: number;
      text: string;
      /**
       * Model tokens that this delta stands for, where the backend sends them one by one; `tokens` of the other
       * deltas means the same. The text may be empty while the token's bytes wait for the rest of a character,
       * or for what decides whether they are text.
       */
      tokens?: number;
      logprobs?: readonly TokenLogprob[];
    }
  | { type: "reasoning-delta"; choice: number; text: string; signature?: string; tokens?: number }
  | { type: "refusal-delta"; choice: number; text: string }
  | {
      type: "tool-call-start";
      choice: number;
      index: number;
      id: string;
      name: string;
      kind: "function" | "custom";
      tokens?: number;
    }
  | { type: "tool-call-delta"; choice: number; index: number; arguments: string; tokens?: number }
  | { type: "finish"; choice: number; reason: FinishReason; stopSequence?: string }
  | { type: "usage"; usage: Usage }
  | { type: "metadata"; fields: Readonly<Record<string, unknown>> };

/** Events of one read of the wire; never empty. Async cost is paid once a batch, not once a token. */
export type EventBatch = readonly GenerationEvent[];

/** What a backend can do with a model, so that dispatch refuses, fans out or does the rest itself. */
export interface Capabilities {
  /** It generates text; false for a model that only embeds. */
  text: boolean;
  /** It embeds; `dimensions` says whether the length of the vectors can be chosen. */
  embeddings?: {
    dimensions: boolean;
    /** Calls that the backend makes at once for a request of many inputs; 1 if absent. */
    callsAtOnce?: number;
  };
  /** Choices that one call can give. Below the request's, dispatch makes several calls. */
  choices: number;
  /** Sampling fields that the backend takes. */
  sampling: ReadonlySet<keyof Sampling>;
  /** Where it takes `stop`: its text ends before the stop string. If not, dispatch cuts what the backend leaves. */
  cutsStop?: boolean;
  /** Uninterpreted request fields that the backend takes, by wire name. */
  extra: Pick<ReadonlySet<string>, "has">;
  logprobs: boolean;
  /** Logprobs of the prompt, for legacy scoring. */
  echoLogprobs: boolean;
  bestOf: boolean;
  tools: boolean;
  /** A required, named or strict tool call is enforced. If not, dispatch checks the answer and asks again. */
  toolChoice: boolean;
  /**
   * Also enforced where a tool may be called and need not be: the arguments of strict tools, and `response_format` for
   * an answer without a call.
   */
  freeChoice?: boolean;
  images: boolean;
  audio: boolean;
  files: boolean;
  suffix: boolean;
  tokenPrompts: boolean;
  /** `response_format` is enforced. If not, dispatch asks for it in words, checks the answer and asks again. */
  json: boolean;
  reasoningEffort: boolean;
  /** Says `length` itself when `maxTokens` is reached. If not, dispatch counts and ends the call. */
  reportsLength: boolean;
  /**
   * Its answers come at once: a token limit that it does not take cannot be kept, and one that it does not report
   * cannot be told from `stop`.
   */
  wholeOnly?: boolean;
  /** It cannot be asked without `maxTokens`: dispatch gives a number of its own and says so. */
  needsMaxTokens?: boolean;
}

/** W3C trace context (https://www.w3.org/TR/trace-context/) as it came in, checked for its form. */
export interface TraceContext {
  parent: string;
  state?: string;
}

export interface CallContext {
  requestId: string;
  trace?: TraceContext;
  /** Aborts when the client left, a deadline passed or the answer is complete. Drivers cancel at once. */
  signal: AbortSignal;
  /** Who asks, as far as keys tell callers apart: the same text for the same key, and nothing that is secret. */
  owner?: string;
  /** Public ids of the agents between the client and this call, the client's own first; empty for its request. */
  callers: readonly string[];
  /** What agents did for the client's request so far; the same object for all their calls. */
  work?: AgentWork;
  /** Told the id of the agent that takes the call, where one does: the agent that asks says whom it used. */
  onAgent?: (id: string) => void;
  log: Log;
}

/** Counted over all agents that work for one request of a client. */
export interface AgentWork {
  modelCalls: number;
  toolCalls: number;
}

export type EmbeddingInput = { kind: "text"; text: string } | { kind: "tokens"; tokens: readonly number[] };

export interface EmbeddingRequest {
  /** As in a `GenerationRequest`. */
  model: string;
  inputs: readonly EmbeddingInput[];
  /** Length of the vectors, where the model can choose it. */
  dimensions?: number;
  /** Calls of its server that the backend may make at once; dispatch says it. */
  callsAtOnce?: number;
  extra: Readonly<Record<string, unknown>>;
}

export interface EmbeddingResult {
  /** One for each input, in order, all of one length. */
  vectors: readonly Float32Array[];
  /** Of all inputs, if the backend says it. */
  promptTokens?: number;
}

export interface ModelDescription {
  id: string;
  ownedBy: string;
  /** Other ids under which the same model answers. */
  aliases?: readonly string[];
  contextTokens?: number;
  /** Answers requests that name no model, unless the operator chose another. */
  isDefault?: boolean;
  /** Answers agents only: clients are neither shown it nor served by it. */
  isPrivate?: boolean;
}

/** What an operator wants to know of a backend, beyond what clients are told. */
export interface Inspection {
  /** The server in its own words, such as `triton 2.51.0`. */
  server?: string;
  /** The names in the server's own list of its models, served or not; absent when it keeps none. */
  listed?: readonly string[];
  models: readonly { id: string; facts: readonly { name: string; value: string }[] }[];
  /** What the server has besides, and why it is not served. */
  skipped: readonly { name: string; reason: string }[];
}

export interface Backend {
  readonly id: string;
  /** What kind of thing it is, as `GET /` shows it: `kserve`, `demo`. */
  readonly kind: string;
  /** Address for the operator's eyes; not shown to strangers when keys are configured. */
  readonly endpoint?: string;
  /** All its models are private, whatever they are. */
  readonly isPrivate?: boolean;
  /**
   * Its models are agents: requests to them belong to conversations, whose earlier turns they need not repeat; they ask
   * other models, and may be at work for long without a word.
   */
  readonly isAgent?: boolean;
  /** What it is taken to serve until it has said so itself. */
  readonly presumed?: readonly ModelDescription[];
  /** May have to ask the backend first; then rejects with a `ServeError` as `generate` would. */
  capabilities(model: string): Capabilities | Promise<Capabilities>;
  /** Yields batches as the event contract says. Throws `ServeError`. Ends promptly once `context.signal` aborts. */
  generate(request: GenerationRequest, context: CallContext): AsyncIterable<EventBatch>;
  /** Only where `capabilities` say so. Rejects with a `ServeError`. */
  embed?(request: EmbeddingRequest, context: CallContext): Promise<EmbeddingResult>;
  /** Models that it has ready now. Throws `ServeError` when it cannot be asked. */
  models(signal: AbortSignal): Promise<readonly ModelDescription[]>;
  /** Asks the server what it is and has. Rejects with a `ServeError`. */
  inspect?(signal: AbortSignal): Promise<Inspection>;
  /** Resolves if it can serve now; rejects with a `ServeError` that says why not, whose cause is for the operator. */
  ready(signal: AbortSignal): Promise<void>;
  close(): Promise<void>;
}
