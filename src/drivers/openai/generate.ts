import type { CallContext, EventBatch, GenerationEvent, GenerationRequest } from "../../core/generation.ts";
import { isRecord } from "../../core/json.ts";
import type { HttpAnswer } from "../../egress/client.ts";
import { concede, concessionFor, concessionKey, type Concessions } from "./concessions.ts";
import { AnswerReader } from "./decode.ts";
import { encode } from "./encode.ts";
import { MalformedAnswer } from "./malformed.ts";
import { type Frame, readAnswer } from "./read-answer.ts";
import { readError } from "./read-error.ts";
import { toServeError, toStreamFailure } from "./status.ts";
import type { Traits } from "./traits.ts";
import type { Upstream } from "./upstream.ts";

export interface GenerateDeps {
  upstream: Upstream;
  traits: Traits;
  concessions: Concessions;
}

/** One call to the server; the events of one read of its answer together. Throws `ServeError`. */
export async function* generate(
  request: GenerationRequest,
  context: CallContext,
  deps: GenerateDeps,
): AsyncGenerator<EventBatch> {
  try {
    const answer = await ask(request, context, deps);
    const reader = new AnswerReader({
      choices: request.choices,
      logprobs: request.logprobs !== undefined,
      onOddity: (oddity) => context.log.warn("A model server's answer was mended", { oddity }),
    });
    let isDone = false;
    for await (const frames of readAnswer(answer)) {
      const events: GenerationEvent[] = [];
      for (const frame of frames) {
        if (frame.kind === "done") isDone = true;
        else events.push(...readFrame(frame, reader, deps.upstream.secrets));
      }
      if (isDone) answer.discard();
      if (events.length > 0) yield events;
      if (isDone) break;
    }
    if (!isDone) assertWhole(reader, answer);
    const rest = reader.end();
    if (rest.length > 0) yield rest;
  } catch (error) {
    throw toServeError(error, context.signal);
  }
}

/** As the server takes it, which may have to be found out. */
async function ask(
  request: GenerationRequest,
  context: CallContext,
  { upstream, traits, concessions }: GenerateDeps,
): Promise<HttpAnswer> {
  const { path, body } = encode(request, traits);
  const key = concessionKey(request);
  const isEffortHint = request.reasoning?.isHint === true;
  let conceded = concessions.of(key);
  for (;;) {
    const changed = concede(body, conceded);
    try {
      const answer = await upstream.post({ path, body: changed }, context);
      concessions.keep(key, conceded);
      return answer;
    } catch (error) {
      const more = concessionFor(error, changed, { before: conceded, isEffortHint });
      if (more === undefined) throw error;
      conceded = new Set([...conceded, more]);
    }
  }
}

function readFrame(
  frame: Exclude<Frame, { kind: "done" }>,
  reader: AnswerReader,
  secrets: readonly string[],
): GenerationEvent[] {
  const { value } = frame;
  const isError = (frame.kind === "chunk" && frame.isError) || isFailure(value);
  if (isError) throw toStreamFailure(value, secrets);
  return reader.read(value);
}

/** `error: null` is none; what has choices is an answer. */
function isFailure(value: unknown): boolean {
  if (Array.isArray(value)) return true;
  if (isRecord(value) && (value["error"] ?? undefined) === undefined && "choices" in value) return false;
  return readError(value) !== undefined;
}

/**
 * Throws for a stream that may have been cut off: one that neither says that it is over nor ends its choices, and whose
 * end the connection does not vouch for.
 */
function assertWhole(reader: AnswerReader, { hasFraming }: HttpAnswer): void {
  if (reader.isFinished || (hasFraming && reader.hasBegun)) return;
  throw new MalformedAnswer("It ends before it is complete.");
}
