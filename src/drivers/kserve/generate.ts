import type { CallContext, EventBatch, GenerationEvent, GenerationRequest } from "../../core/generation.ts";
import { decodeInferResponse, decodeStreamInferResponse } from "./codec/decode.ts";
import type { AnswerReader, Dialect } from "./dialects/dialect.ts";
import type { RequestEncoder } from "./request-encoder.ts";
import { rpcPath } from "./service.ts";
import { toServeError, toStreamFailure } from "./status.ts";
import type { StreamRoutes } from "./stream-routes.ts";
import type { Transport } from "./transport/transport.ts";

export interface GenerateOptions {
  dialect: Dialect;
  encode: RequestEncoder;
  /** For the unary rpc. */
  transport: Transport;
  routes: StreamRoutes;
  /** Told for each call how its answer comes; `endpoint` is undefined for the unary rpc. */
  onRoute: (endpoint: string | undefined) => void;
}

/**
 * Yields one answer as choice 0. Text comes token by token where a route has the stream rpc, else at once from the
 * unary one. A call is tried elsewhere only while nothing has come. Throws `ServeError`.
 */
export async function* generate(
  request: GenerationRequest,
  context: CallContext,
  options: GenerateOptions,
): AsyncGenerator<EventBatch> {
  const warn = (warning: string) => context.log.warn(warning);
  try {
    const messages = await openStream(request, context.signal, options);
    if (messages === undefined) {
      yield await inferOnce(request, context.signal, options, options.dialect.reader("infer", warn));
    } else {
      yield* readStream(messages, options.dialect.reader("stream", warn));
    }
  } catch (error) {
    throw toServeError(error, context.signal);
  }
}

type Messages = AsyncIterator<readonly Uint8Array[]>;

interface OpenStream {
  messages: Messages;
  /** What the first read gave. */
  first: IteratorResult<readonly Uint8Array[]>;
}

/** The stream of the first route that has the rpc, once it has said anything; undefined if none has. */
async function openStream(
  request: GenerationRequest,
  signal: AbortSignal,
  { encode, routes, onRoute }: GenerateOptions,
): Promise<OpenStream | undefined> {
  for (const route of routes.due()) {
    const message = encode(request, "stream");
    const { connectTimeoutMs } = route;
    const call = { signal, ...(connectTimeoutMs === undefined ? {} : { connectTimeoutMs }) };
    const messages = route.transport.stream(rpcPath.streamInfer, message, call)[Symbol.asyncIterator]();
    try {
      const first = await messages.next();
      routes.worked(route);
      onRoute(route.endpoint);
      return { messages, first };
    } catch (error) {
      if (!routes.isMissing(route, error)) throw error;
    }
  }
  return undefined;
}

async function* readStream(
  { messages, first }: OpenStream,
  reader: AnswerReader,
): AsyncGenerator<EventBatch> {
  try {
    for (let result = first; ; result = await messages.next()) {
      const events: GenerationEvent[] = [];
      const failure =
        result.done === true ? readEnd(reader, events) : readBatch(reader, result.value, events);
      if (events.length > 0) yield events;
      if (failure !== undefined) throw failure.reason;
      if (result.done === true) return;
      if (reader.finished) break;
    }
    await drain(messages);
  } finally {
    await messages.return?.();
  }
}

/** Reads the messages up to the one that fails, so that what came before it is not lost. */
function readBatch(
  reader: AnswerReader,
  batch: readonly Uint8Array[],
  events: GenerationEvent[],
): { reason: unknown } | undefined {
  try {
    for (const bytes of batch) {
      const { errorMessage, response } = decodeStreamInferResponse(bytes);
      if (reader.finished) return undefined;
      if (errorMessage !== "") throw toStreamFailure(errorMessage);
      reader.read(response ?? emptyResponse, events);
    }
    return undefined;
  } catch (reason) {
    return { reason };
  }
}

function readEnd(reader: AnswerReader, events: GenerationEvent[]): { reason: unknown } | undefined {
  try {
    reader.end(events);
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

async function inferOnce(
  request: GenerationRequest,
  signal: AbortSignal,
  { encode, transport, onRoute }: GenerateOptions,
  reader: AnswerReader,
): Promise<EventBatch> {
  const answer = await transport.unary(rpcPath.infer, encode(request, "infer"), { signal });
  onRoute(undefined);
  const events: GenerationEvent[] = [];
  reader.read(decodeInferResponse(answer), events);
  reader.end(events);
  return events;
}
