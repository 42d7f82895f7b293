import type { CallContext, EventBatch, GenerationEvent } from "../../core/generation.ts";
import type { AnswerParser } from "../../text/answer-parser.ts";
import { decodeInferResponse, decodeStreamInferResponse } from "./codec/decode.ts";
import type { AnswerReader, Rpc } from "./dialects/dialect.ts";
import type { KserveModel } from "./model.ts";
import type { PreparedCall } from "./prepare.ts";
import { rpcPath } from "./service.ts";
import { toServeError, toStreamFailure } from "./status.ts";
import type { StreamRoute } from "./stream-routes.ts";
import type { Transport } from "./transport/transport.ts";

export interface GenerateOptions {
  /** For the unary rpc. */
  transport: Transport;
  /** Told for each call how its answer comes; `route` is undefined for the unary rpc. */
  onRoute: (route: StreamRoute | undefined) => void;
}

/**
 * Yields the answer to a prepared call. Text comes as the model writes it where a route has the stream rpc, else at
 * once from the unary one. A call is tried elsewhere only while nothing has come. Throws `ServeError`.
 */
export async function* generate(
  call: PreparedCall,
  model: KserveModel,
  context: CallContext,
  options: GenerateOptions,
): AsyncGenerator<EventBatch> {
  try {
    const messages = await openStream(call, model, context, options);
    if (messages === undefined) yield* inferOnce(call, context, options);
    else yield* readStream(messages, answerOf(call, "stream", context));
  } catch (error) {
    throw toServeError(error, context.signal);
  }
}

/** An answer that is being read: the server's messages become raw events, those become the answer's. */
interface Answer {
  reader: AnswerReader;
  parser: AnswerParser;
}

function answerOf(call: PreparedCall, rpc: Rpc, context: CallContext): Answer {
  const warn = (warning: string) => context.log.warn(warning);
  return { reader: call.reader(rpc, warn), parser: call.createParser() };
}

type Messages = AsyncIterator<readonly Uint8Array[]>;

interface OpenStream {
  messages: Messages;
  /** What the first read gave. */
  first: IteratorResult<readonly Uint8Array[]>;
}

/** The stream of the first route that has the rpc, once it has said anything; undefined if none has. */
async function openStream(
  call: PreparedCall,
  { dialect, routes }: KserveModel,
  { signal }: CallContext,
  { onRoute }: GenerateOptions,
): Promise<OpenStream | undefined> {
  if (!dialect.abilities.rpcs.includes("stream")) return undefined;
  const hasUnary = dialect.abilities.rpcs.includes("infer");
  for (const route of routes.due()) {
    const { connectTimeoutMs } = route;
    const stream = route.transport.stream(rpcPath.streamInfer, call.message("stream"), {
      signal,
      metadata: call.metadata,
      ...(connectTimeoutMs === undefined ? {} : { connectTimeoutMs }),
    });
    const messages = stream[Symbol.asyncIterator]();
    try {
      const first = await messages.next();
      routes.worked(route);
      onRoute(route);
      return { messages, first };
    } catch (error) {
      if (!hasUnary || !routes.isMissing(route, error)) throw error;
    }
  }
  return undefined;
}

async function* readStream({ messages, first }: OpenStream, answer: Answer): AsyncGenerator<EventBatch> {
  try {
    for (let result = first; ; result = await messages.next()) {
      const raw: GenerationEvent[] = [];
      const failure =
        result.done === true
          ? attempt(() => answer.reader.end(raw))
          : readBatch(answer.reader, result.value, raw);
      const events = parse(answer.parser, raw);
      if (events.length > 0) yield events;
      if (failure !== undefined) throw failure.reason;
      if (result.done === true) return;
      if (answer.reader.finished) break;
      if (answer.parser.isCut) return;
    }
    await drain(messages);
  } finally {
    await messages.return?.();
  }
}

function parse(parser: AnswerParser, raw: GenerationEvent[]): GenerationEvent[] {
  if (parser.isTransparent) return raw;
  const events: GenerationEvent[] = [];
  parser.apply(raw, events);
  return events;
}

/** Reads the messages up to the one that fails, so that what came before it is not lost. */
function readBatch(
  reader: AnswerReader,
  batch: readonly Uint8Array[],
  events: GenerationEvent[],
): Failure | undefined {
  return attempt(() => {
    for (const bytes of batch) {
      const { errorMessage, response } = decodeStreamInferResponse(bytes);
      if (reader.finished) return;
      if (errorMessage !== "") throw toStreamFailure(errorMessage);
      reader.read(response ?? emptyResponse, events);
    }
  });
}

interface Failure {
  reason: unknown;
}

function attempt(work: () => void): Failure | undefined {
  try {
    work();
    return undefined;
  } catch (reason) {
    return { reason };
  }
}

const emptyResponse = decodeInferResponse(new Uint8Array());

const longestDrainMs = 250;

/** Lets the server end the call by itself: to cancel a finished answer looks like a client that went away. */
async function drain(messages: Messages): Promise<void> {
  const timer = setTimeout(() => void messages.return?.(), longestDrainMs);
  try {
    for (let result = await messages.next(); result.done !== true; result = await messages.next());
  } catch {
    // The answer is complete; how the call ends does not matter any more.
  } finally {
    clearTimeout(timer);
  }
}

async function* inferOnce(
  call: PreparedCall,
  context: CallContext,
  { transport, onRoute }: GenerateOptions,
): AsyncGenerator<EventBatch> {
  const answered = await transport.unary(rpcPath.infer, call.message("infer"), {
    signal: context.signal,
    metadata: call.metadata,
  });
  onRoute(undefined);
  const { reader, parser } = answerOf(call, "infer", context);
  const events: GenerationEvent[] = [];
  reader.read(decodeInferResponse(answered), events);
  reader.end(events);
  yield parse(parser, events);
}
