import { type ErrorKind, ServeError } from "../../core/error.ts";
import type { AgentWork } from "../../core/generation.ts";
import type { AgentLimits } from "../run/environment.ts";

/** What no model is told as the failure of a tool: all agents that work for the request end with it. */
const fatalCodes: ReadonlySet<string | undefined> = new Set([
  "agent_depth_exceeded",
  "agent_budget_exceeded",
]);

export function isFatal(thrown: unknown): boolean {
  return thrown instanceof ServeError && fatalCodes.has(thrown.code);
}

/** Throws `internal` (`agent_budget_exceeded`) if no further model may be asked for the client's request. */
export function countModelCall(work: AgentWork, { maxModelCalls }: AgentLimits): void {
  if (work.modelCalls >= maxModelCalls) throw spent(`asked models ${maxModelCalls} times`);
  work.modelCalls++;
}

/** Throws `internal` (`agent_budget_exceeded`) if no further tool may be called for the client's request. */
export function countToolCall(work: AgentWork, { maxToolCalls }: AgentLimits): void {
  if (work.toolCalls >= maxToolCalls) throw spent(`called tools ${maxToolCalls} times`);
  work.toolCalls++;
}

function spent(what: string): ServeError {
  return new ServeError(
    "internal",
    `The agents ${what} for this request, which is the most they may, and had no answer yet.`,
    { code: "agent_budget_exceeded", shouldRetry: false },
  );
}

export function iterationsExceeded(agent: string, maxIterations: number): ServeError {
  const times = maxIterations === 1 ? "once" : `${maxIterations} times`;
  return new ServeError("internal", `The agent '${agent}' asked its model ${times} and got no answer.`, {
    code: "agent_iterations_exceeded",
    shouldRetry: false,
  });
}

export function tooLong(agent: string, maxCharacters: number): ServeError {
  return new ServeError(
    "upstream",
    `A model's answer to the agent '${agent}' is longer than ${maxCharacters} characters, the most that is held.`,
    { code: "upstream_error" },
  );
}

export interface Asked {
  /** Id of the agent. */
  agent: string;
  /** Whether a field of the question is as the agent's own request had it. */
  isOfClient: (param: string) => boolean;
}

/**
 * A model's failure as the failure of the agent that asked it: the client chose neither the model nor the place of its
 * messages in the agent's request, and what the agent set wrong itself is `internal` (`agent_failed`).
 */
export function asAgentFailure(thrown: unknown, { agent, isOfClient }: Asked): unknown {
  if (!(thrown instanceof ServeError)) return thrown;
  const { kind, code, param } = thrown;
  if (kind === "not_found") return without(thrown, "internal");
  if (param === undefined) return thrown;
  const isElsewhere = elsewhere.test(param) || code === "context_length_exceeded";
  if (isElsewhere) return without(thrown, kind);
  if (kind !== "invalid_request" || isOfClient(param)) return thrown;
  return new ServeError("internal", "The agent failed.", {
    code: "agent_failed",
    shouldRetry: false,
    cause: new Error(`the model of the agent '${agent}' refuses '${param}', which the agent sets`, {
      cause: thrown,
    }),
  });
}

/** Of what the client gave, it is somewhere else in the question. */
const elsewhere = /^(?:messages|model$|prompt|input)/;

function without(failure: ServeError, kind: ErrorKind): ServeError {
  const { message, code, retryAfterSeconds, cause = failure } = failure;
  const shouldRetry = kind === failure.kind ? failure.shouldRetry : false;
  return new ServeError(kind, message, {
    ...(code !== undefined && { code }),
    ...(retryAfterSeconds !== undefined && { retryAfterSeconds }),
    ...(shouldRetry !== undefined && { shouldRetry }),
    cause,
  });
}
