import type { AgentEvent, AgentPiece, AgentReply } from "../kit/agent.ts";
import { isReply } from "../kit/reply.ts";
import { isStream } from "../kit/streams.ts";

/**
 * What an agent answered, as pieces: those of a stream are read from it, everything else is given at once. Throws an
 * `Error` for a value that has no JSON, or whose JSON would say nothing of it.
 */
export function toPieces(answer: unknown): AsyncIterator<AgentPiece> | Iterator<AgentPiece> {
  if (!isStream(answer)) return [ofWhole(answer)].values();
  return Symbol.asyncIterator in answer ? answer[Symbol.asyncIterator]() : answer[Symbol.iterator]();
}

function ofWhole(answer: unknown): AgentPiece {
  if (typeof answer === "string") return answer;
  if (answer === undefined || answer === null) return "";
  if (isReply(answer)) return ofReply(answer);
  // Before it could turn itself into something else.
  assertIsValue(answer);
  const json: string | undefined = JSON.stringify(answer, (_key, value: unknown) => {
    assertIsValue(value);
    return value;
  });
  if (json !== undefined) return json;
  throw new TypeError(`An agent cannot answer a ${typeof answer}.`);
}

/** Throws for objects of which JSON would keep nothing, or something that nobody means. */
function assertIsValue(value: unknown): void {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return;
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype === null || prototype === Object.prototype) return;
  const isBinary = ArrayBuffer.isView(value) || value instanceof ArrayBuffer;
  const isJson = "toJSON" in value || Object.keys(value).length > 0;
  if (isJson && !isBinary && !(value instanceof Error)) return;
  const name = value.constructor.name;
  throw new TypeError(`An agent cannot answer ${/^[AEIO]/.test(name) ? "an" : "a"} ${name}.`);
}

function ofReply({ text, reasoning, refusal, toolCalls, usage, metadata }: AgentReply): AgentEvent[] {
  return [
    ...(reasoning === undefined ? [] : [{ type: "reasoning" as const, text: reasoning }]),
    ...(text === undefined ? [] : [{ type: "text" as const, text }]),
    ...(refusal === undefined ? [] : [{ type: "refusal" as const, text: refusal }]),
    ...(toolCalls ?? []).map((call) => ({ type: "tool-call" as const, ...call })),
    ...(metadata === undefined ? [] : [{ type: "metadata" as const, fields: metadata }]),
    ...(usage === undefined ? [] : [{ type: "usage" as const, usage }]),
  ];
}
