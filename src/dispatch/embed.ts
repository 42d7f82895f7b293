import { ServeError } from "../core/error.ts";
import type { Embed } from "../core/generate.ts";
import type {
  Backend,
  CallContext,
  Capabilities,
  EmbeddingInput,
  EmbeddingRequest,
  EmbeddingResult,
} from "../core/generation.ts";
import type { ExchangeLog } from "../telemetry/exchange.ts";
import type { TokenCounter } from "../tokens/counter.ts";
import { type Encoding, encodingFor } from "../tokens/encoding.ts";
import type { Admission } from "./admission.ts";
import { capabilitiesOf } from "./capabilities.ts";
import { createDeadlines, type Timeouts } from "./deadlines.ts";
import { ignoredExtra, refuseUnknown } from "./refuse.ts";
import type { Registry, ServedModel } from "./registry.ts";

export interface EmbedDeps {
  registry: Registry;
  admission: Admission;
  tokens: TokenCounter;
  timeouts: Timeouts;
  /** Bytes of text that one request may stand for. */
  maxPromptBytes: number;
  strict: boolean;
  /** The lines of one exchange. */
  exchange(context: CallContext): ExchangeLog;
}

/** Resolve, refuse, decode, fit, admit, call, account: as for a generation. */
export function createEmbed(deps: EmbedDeps): Embed {
  return async (request, context) => {
    const model = await deps.registry.resolve(request.model === "" ? undefined : request.model);
    const capabilities = await capabilitiesOf(model, context.signal, deps.timeouts);
    refuseUnsupported(request, capabilities);
    if (deps.strict) refuseUnknown(request.extra, capabilities);
    const answeredAs = request.model === "" ? model.id : request.model;
    const log = deps.exchange(context);
    const startedAt = performance.now();
    log.request({ id: context.requestId, model: answeredAs, stream: false });
    try {
      const encoding = encodingFor(model.tokenModel);
      const counted = await countInputs(request.inputs, { encoding, model, tokens: deps.tokens });
      const inputs = await toInputs(request.inputs, { capabilities, encoding, deps });
      const callsAtOnce = Math.min(inputs.length, capabilities.embeddings?.callsAtOnce ?? 1);
      const prepared = { ...request, model: model.target, inputs, callsAtOnce };
      const result = await call(deps, model.backend, prepared, context);
      const { tokens, source } =
        result.promptTokens === undefined
          ? await counted()
          : { tokens: result.promptTokens, source: "backend" as const };
      log.response({
        id: context.requestId,
        finish: "embedded",
        elapsedMs: performance.now() - startedAt,
        usage: { promptTokens: tokens, completionTokens: 0, source },
      });
      return {
        model: answeredAs,
        ignored: ignoredExtra(request.extra, capabilities),
        result: { vectors: result.vectors, promptTokens: tokens },
      };
    } catch (error) {
      log.failure(context.requestId, error, performance.now() - startedAt);
      throw error;
    }
  };
}

function refuseUnsupported(request: EmbeddingRequest, { embeddings }: Capabilities): void {
  if (embeddings === undefined) {
    throw new ServeError("invalid_request", "This model does not make embeddings.", {
      code: "unsupported_value",
      param: "model",
    });
  }
  if (request.dimensions !== undefined && !embeddings.dimensions) {
    throw new ServeError("invalid_request", "This model does not support 'dimensions'.", {
      code: "unsupported_parameter",
      param: "dimensions",
    });
  }
}

type Counted = () => Promise<{ tokens: number; source: "edge" | "tiktoken" | "estimate" }>;

/**
 * How to count the tokens of `inputs`, which is done now only where one may be too long for the model. Rejects with
 * `invalid_request` (`context_length_exceeded`) if one is.
 */
async function countInputs(
  inputs: readonly EmbeddingInput[],
  { encoding, model, tokens }: { encoding: Encoding; model: ServedModel; tokens: TokenCounter },
): Promise<Counted> {
  const texts = inputs.flatMap((input) => (input.kind === "text" ? [input.text] : []));
  const ids = inputs.reduce((sum, input) => sum + (input.kind === "tokens" ? input.tokens.length : 0), 0);
  const limit = model.contextTokens ?? Infinity;
  const longest = inputs.reduce(
    (most, input) => Math.max(most, input.kind === "tokens" ? input.tokens.length : 0),
    0,
  );
  if (longest > limit) throw tooLong(limit, longest);
  let counting: Promise<{ counts: readonly number[]; isExact: boolean }> | undefined;
  const count = () => (counting ??= tokens.count(encoding, texts));
  // No text has more tokens than bytes.
  if (limit < Infinity && texts.some((text) => Buffer.byteLength(text) > limit)) {
    const most = (await count()).counts.reduce((left, right) => Math.max(left, right), 0);
    if (most > limit) throw tooLong(limit, most);
  }
  return async () => {
    const { counts, isExact } = await count();
    return {
      tokens: counts.reduce((sum, number) => sum + number, ids),
      source: texts.length === 0 ? "edge" : isExact ? "tiktoken" : "estimate",
    };
  };
}

function tooLong(limit: number, tokens: number): ServeError {
  return new ServeError(
    "invalid_request",
    `This model's maximum context length is ${limit} tokens. One of the inputs has ${tokens} tokens, which exceeds the context window.`,
    { code: "context_length_exceeded", param: "input" },
  );
}

/** The inputs as the backend takes them. */
async function toInputs(
  inputs: readonly EmbeddingInput[],
  { capabilities, encoding, deps }: { capabilities: Capabilities; encoding: Encoding; deps: EmbedDeps },
): Promise<readonly EmbeddingInput[]> {
  if (capabilities.tokenPrompts || inputs.every((input) => input.kind === "text")) return inputs;
  const decoded: EmbeddingInput[] = [];
  let bytes = 0;
  for (const input of inputs) {
    const text =
      input.kind === "text" ? input.text : await deps.tokens.decode(encoding, input.tokens, "input");
    bytes += Buffer.byteLength(text);
    // Token ids may stand for far more text than they seem to.
    if (bytes > deps.maxPromptBytes) {
      throw new ServeError(
        "invalid_request",
        `The inputs of this request stand for more than ${deps.maxPromptBytes} bytes of text.`,
        { code: "invalid_value", param: "input" },
      );
    }
    decoded.push({ kind: "text", text });
  }
  return decoded;
}

async function call(
  deps: EmbedDeps,
  backend: Backend,
  request: EmbeddingRequest & { callsAtOnce: number },
  context: CallContext,
): Promise<EmbeddingResult> {
  const place = await deps.admission.enterUpTo(request.callsAtOnce, context.signal);
  const controller = new AbortController();
  const failed = Promise.withResolvers<never>();
  // Whoever waits hears of it; it may fail when nobody waits any more.
  failed.promise.catch(() => {});
  const end = (reason: unknown) => {
    controller.abort(reason);
    failed.reject(reason);
  };
  const deadlines = createDeadlines(deps.timeouts, end);
  const follow = () => end(context.signal.reason);
  context.signal.addEventListener("abort", follow, { once: true });
  if (context.signal.aborted) follow();
  try {
    if (backend.embed === undefined) throw new Error("A backend that embeds has no way to do so.");
    deadlines.waiting();
    const admitted = { ...request, callsAtOnce: place.calls };
    const embedding = backend.embed(admitted, { ...context, signal: controller.signal });
    const result = await Promise.race([embedding, failed.promise]);
    assertWhole(result, request.inputs.length);
    return result;
  } finally {
    deadlines.clear();
    context.signal.removeEventListener("abort", follow);
    controller.abort(complete);
    place.leave();
  }
}

function assertWhole({ vectors }: EmbeddingResult, inputs: number): void {
  const [first] = vectors;
  const isWhole = vectors.length === inputs && vectors.every((vector) => vector.length === first?.length);
  if (isWhole) return;
  throw new ServeError("upstream", "The backend did not give one vector for each input.", {
    code: "upstream_error",
  });
}

/** One for all: an error of its own for each call would cost a stack trace that nobody reads. */
const complete = new ServeError("canceled", "The answer is complete.");
