import type {
  ContentPart,
  FinishReason,
  JsonSchema,
  OutputFormat,
  Role,
  Tool,
  ToolCall,
  ToolChoice,
  Usage,
} from "../../core/generation.ts";
import type { Log } from "../../core/log.ts";
import type { replyMark } from "./marks.ts";
import type { AgentTool } from "./tool.ts";

/** One message of a conversation. */
export interface AgentMessage {
  role: Role;
  /** Text, or parts where there is more than text. */
  content: string | readonly ContentPart[];
  name?: string;
  /** Of an assistant message. */
  toolCalls?: readonly ToolCall[];
  /** Of a tool message: the call that it answers. */
  toolCallId?: string;
}

/** What a request asks of the generation; absent means not given. */
export interface AgentParams {
  temperature?: number;
  topP?: number;
  topK?: number;
  maxTokens?: number;
  seed?: number;
  frequencyPenalty?: number;
  presencePenalty?: number;
  logitBias?: Readonly<Record<string, number>>;
  stop?: readonly string[];
  reasoningEffort?: string;
  /** Other fields of the request, under their wire names. */
  extra?: Readonly<Record<string, unknown>>;
}

/** What an agent says, piece by piece. */
export type AgentEvent =
  | { type: "text"; text: string }
  | { type: "reasoning"; text: string }
  | { type: "refusal"; text: string }
  /** What the agent does, for clients that ask to see it. */
  | { type: "step"; text: string }
  /** A call of one of the client's own tools, whole. */
  | { type: "tool-call"; name: string; arguments: string | JsonSchema; id?: string; kind?: Tool["kind"] }
  /** The same in pieces: the deltas of a call follow its start. */
  | { type: "tool-call-start"; name: string; id: string; kind: Tool["kind"] }
  | { type: "tool-call-delta"; arguments: string }
  /** Joins the `metadata` of the answer. */
  | { type: "metadata"; fields: Readonly<Record<string, unknown>> }
  /** Instead of what is counted. */
  | { type: "usage"; usage: Usage }
  /** Why it ends; `stop`, or `tool-calls` after a call, unless it is said. */
  | { type: "finish"; reason: FinishReason };

/** A text or an event, or several at once. */
export type AgentPiece = string | AgentEvent | readonly (string | AgentEvent)[];

/** A whole answer with more than text; made by `reply`. */
export interface AgentReply extends ReplyFields {
  readonly [replyMark]: true;
}

export interface ReplyFields {
  text?: string;
  reasoning?: string;
  /** Instead of an answer: the client sees a refusal, which ends with `content_filter`. */
  refusal?: string;
  /** Calls of the client's own tools. */
  toolCalls?: readonly { name: string; arguments: string | JsonSchema; id?: string }[];
  usage?: Usage;
  metadata?: Readonly<Record<string, unknown>>;
}

/**
 * What an agent answers: a text; a `reply`; a stream of pieces; or any other value, which is sent as JSON. Nothing at
 * all (`undefined` or `null`) is an empty answer.
 */
export type AgentAnswer = AsyncIterable<AgentPiece> | AgentReply | string | object | number | boolean | null;

/** The work of an agent for one request. Called anew for each: what it keeps in variables of its own is not shared. */
export type AgentRun = (context: AgentContext) => AgentAnswer | void | Promise<AgentAnswer | void>;

/** One request, as an agent gets it. */
export interface AgentContext {
  /** The id under which the agent was asked. */
  readonly agent: string;
  /** The whole conversation, oldest first. */
  readonly messages: readonly AgentMessage[];
  /** Text of the last message of the user; empty if there is none. */
  readonly userQuery: string;
  readonly params: AgentParams;
  /** Tools that the client runs itself: a call of one ends the answer. */
  readonly tools: readonly Tool[];
  readonly toolChoice: ToolChoice;
  readonly parallelToolCalls: boolean;
  /** What the answer has to be; checked before it is given out. */
  readonly responseFormat: OutputFormat;
  /** Absent where the request belongs to none, as one of another agent. */
  readonly conversation: { readonly id: string } | undefined;
  /** Aborts when the client has left or the time is over. */
  readonly signal: AbortSignal;
  readonly log: Log;
  /** Asks a model or another agent of this server. */
  readonly generate: AgentGenerate;
}

/** Asks a model, runs the tools that it calls, and asks again, until it answers. Nothing happens before it is read. */
export type AgentGenerate = (options: AgentGenerateOptions) => AgentGeneration;

export interface AgentGenerateOptions {
  /** Id of a model or agent of this server, or of a known provider; if absent, the agent's own, or the server's only one. */
  model?: string;
  /** Stands in front of the messages. */
  system?: string;
  /** The request's own if absent; a text is one message of the user. */
  messages?: readonly AgentMessage[] | string;
  /** The request's own if neither these nor `messages` are given. */
  params?: AgentParams;
  /** Tools that run here: made by `tool`, or the name of a built-in or configured one. */
  tools?: readonly (AgentTool | string)[];
  /** Tools of the client, such as `context.tools`: a call of one ends the generation. */
  clientTools?: readonly Tool[];
  toolChoice?: ToolChoice;
  parallelToolCalls?: boolean;
  responseFormat?: OutputFormat;
  /** Most questions to the model; 10 unless told. */
  maxIterations?: number;
  /** Names of agents that the model may hand parts of its work to. */
  agents?: readonly string[];
}

/** Read as a stream of events, or with one of the methods as a whole; once. */
export interface AgentGeneration extends AsyncIterable<readonly AgentEvent[]> {
  /** The answer's text. */
  text(): Promise<string>;
  result(): Promise<AgentGenerationResult>;
}

export interface AgentGenerationResult {
  text: string;
  reasoning: string;
  refusal: string;
  /** Of the client's tools. */
  toolCalls: readonly ToolCall[];
  finishReason: FinishReason;
  /** Of all questions to the model. */
  usage: Usage;
  iterations: number;
  /** What came after the given messages: calls of tools, their results, and the answer. */
  messages: readonly AgentMessage[];
}

/** An agent, as `defineAgent` makes it. */
export interface Agent {
  readonly name: string;
  readonly description?: string;
  readonly run: AgentRun;
  /** The model that it asks unless it says another; absent if it has none of its own. */
  readonly model?: string;
  /** Names of the tools that run here, for those who list agents. */
  readonly tools: readonly string[];
  /** Those of `tools` that were given by name, so that the server has to have them. */
  readonly namedTools: readonly string[];
  /** Names of the agents that it hands work to, or whose answers it gets first. */
  readonly agents: readonly string[];
}
