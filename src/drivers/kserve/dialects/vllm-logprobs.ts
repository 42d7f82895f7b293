import type { TokenLogprob } from "../../../core/generation.ts";
import { isRecord } from "../../../core/json.ts";
import type { InferResponse } from "../codec/messages.ts";
import { MalformedTensor, readTextOutputs } from "../codec/tensor.ts";
import type { Logprobs } from "./answer-reader.ts";
import type { TextRequest } from "./dialect.ts";

/**
 * Reads vLLM's `logprobs`, for each choice a list of JSON text: for each new token an object of the chosen token and the
 * likeliest, by token id, as `{"logprob", "rank", "decoded_token"}`; `null` when there are none. Throws
 * `MalformedTensor`.
 */
export function readVllmLogprobs(
  response: InferResponse,
  request: TextRequest,
): readonly Logprobs[] | undefined {
  const top = request.logprobs?.top ?? 0;
  return readTextOutputs(response, output, request.choices)?.map((json) => toLogprobs(json, top));
}

const output = "logprobs";

function toLogprobs(json: string, top: number): Logprobs {
  const positions = parse(json);
  if (positions === null) return undefined;
  if (!Array.isArray(positions)) throw malformed();
  return positions.map((position) => toTokenLogprob(position, top));
}

/**
 * The chosen token stands first. A JavaScript object would sort keys that are numbers, so they get a letter before
 * them. Nor is Python's infinity JSON; inside a string neither pattern can occur, where each quote has a backslash.
 */
function parse(json: string): unknown {
  const keyed = json
    .replaceAll(/"(\d+)"(?=\s*:)/g, '"t$1"')
    .replaceAll(/("logprob"\s*:\s*)(?:-Infinity|NaN)/g, `$1${leastLogprob}`);
  try {
    return JSON.parse(keyed);
  } catch (error) {
    throw malformed(error);
  }
}

/** What OpenAI says of a token that is as good as impossible. */
const leastLogprob = -9_999;

interface Candidate {
  token: string;
  logprob: number;
  bytes: readonly number[] | null;
  rank: number;
}

function toTokenLogprob(position: unknown, top: number): TokenLogprob {
  if (!isRecord(position)) throw malformed();
  const candidates = Object.values(position).map(toCandidate);
  const [chosen] = candidates;
  if (chosen === undefined) throw malformed();
  const likeliest = candidates.toSorted((one, other) => one.rank - other.rank || other.logprob - one.logprob);
  return { ...withoutRank(chosen), top: likeliest.slice(0, top).map(withoutRank) };
}

function toCandidate(value: unknown): Candidate {
  if (!isRecord(value)) throw malformed();
  const { logprob, rank, decoded_token: decoded } = value;
  if (typeof logprob !== "number") throw malformed();
  const token = typeof decoded === "string" ? decoded : "";
  return {
    token,
    logprob: Math.max(logprob, leastLogprob),
    // A token that is a part of a character has no text of its own.
    bytes: token === "" || token.includes("\uFFFD") ? null : [...encoder.encode(token)],
    rank: typeof rank === "number" ? rank : Infinity,
  };
}

const encoder = new TextEncoder();

function withoutRank({ token, logprob, bytes }: Candidate): Omit<TokenLogprob, "top"> {
  return { token, logprob, bytes };
}

function malformed(cause?: unknown): MalformedTensor {
  return new MalformedTensor(output, "is not a list of logprobs", { cause });
}
