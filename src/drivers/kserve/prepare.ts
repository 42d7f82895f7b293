import { createId } from "../../core/ids.ts";
import type { CallContext, GenerationRequest, Prompt } from "../../core/generation.ts";
import { type AnswerParser, createAnswerParser } from "../../text/answer-parser.ts";
import { callMetadata } from "./call-metadata.ts";
import { encodeInferRequest } from "./codec/encode.ts";
import type { ToolCallFormatName } from "../../text/tool-calls/format.ts";
import type { AnswerReader, Rpc, TextRequest } from "./dialects/dialect.ts";
import type { LoadImages } from "./images.ts";
import { type KserveModel, noAdapter } from "./model.ts";
import { renderPrompt } from "./prompt.ts";
import { planTools } from "./tool-plan.ts";

/** A request that is ready to be sent, and how its answer is read. */
export interface PreparedCall {
  readonly metadata: Readonly<Record<string, string>>;
  message(rpc: Rpc): Uint8Array;
  reader(rpc: Rpc, warn: (text: string) => void): AnswerReader;
  createParser(): AnswerParser;
}

export type Prepare = (
  request: GenerationRequest,
  model: KserveModel,
  context: CallContext,
) => Promise<PreparedCall>;

/**
 * Renders prompts and encodes messages, once for all the calls that answer one request several times: a prompt may
 * be megabytes long. Such calls share their prompt object; what was made is kept no longer than it.
 */
export function createPrepare(loadImages: LoadImages): Prepare {
  const prepared = new WeakMap<
    Prompt,
    { request: GenerationRequest; model: KserveModel; call: Promise<PreparedCall> }
  >();
  return (request, model, context) => {
    const known = prepared.get(request.prompt);
    if (known !== undefined && known.model === model && isSame(known.request, request)) return known.call;
    const call = prepareCall(request, model, context, loadImages);
    prepared.set(request.prompt, { request, model, call });
    return call;
  };
}

/** What differs between two calls of one request; the rest is shared as objects. */
const compared = [
  "model",
  "sampling",
  "choices",
  "bestOf",
  "tools",
  "toolChoice",
  "parallelToolCalls",
  "output",
  "suffix",
  "logprobs",
  "reasoning",
  "stream",
  "extra",
] as const satisfies readonly (keyof GenerationRequest)[];

function isSame(one: GenerationRequest, other: GenerationRequest): boolean {
  return compared.every((field) => one[field] === other[field]);
}

async function prepareCall(
  request: GenerationRequest,
  model: KserveModel,
  context: CallContext,
  loadImages: LoadImages,
): Promise<PreparedCall> {
  const { dialect, settings } = model;
  if (settings.lora !== undefined && !dialect.abilities.lora) throw noAdapter();
  const plan = planTools(request, model);
  const [prompt, images] = await Promise.all([
    renderPrompt(request, model, plan.offered, context.signal),
    loadImages(request.prompt, dialect.abilities.images, context.signal),
  ]);
  const { bestOf, logprobs } = request;
  const text: TextRequest = {
    model: model.target,
    requestId: context.requestId,
    prompt,
    sampling: request.sampling,
    extra: plan.createParser === undefined ? request.extra : withSpecialTokens(request.extra, model),
    choices: request.choices,
    ...(bestOf === undefined ? {} : { bestOf }),
    ...(logprobs === undefined ? {} : { logprobs }),
    ...(plan.constraint === undefined ? {} : { constraint: plan.constraint }),
    ...(settings.lora === undefined ? {} : { lora: settings.lora }),
    images,
    stream: request.stream,
  };
  const messages = new Map<Rpc, Uint8Array>();
  return {
    metadata: callMetadata(context, dialect),
    message(rpc) {
      const known = messages.get(rpc) ?? encodeInferRequest(dialect.call(text, rpc));
      messages.set(rpc, known);
      return known;
    },
    reader: (rpc, warn) => dialect.reader(text, rpc, warn),
    createParser: () => createAnswerParser(parserOptions(request, model, prompt, plan)),
  };
}

/** Formats whose marks are special tokens, which servers leave out of the text unless told otherwise. */
const markedBySpecialTokens: ReadonlySet<ToolCallFormatName> = new Set([
  "command-r",
  "deepseek",
  "granite",
  "internlm",
  "llama-pythonic",
  "llama3-json",
  "mistral",
  "phi",
]);

function withSpecialTokens(
  extra: GenerationRequest["extra"],
  { dialect, toolCalls }: KserveModel,
): GenerationRequest["extra"] {
  const isNeeded = toolCalls !== undefined && markedBySpecialTokens.has(toolCalls.name);
  if (!isNeeded || !dialect.abilities.extra.has("skip_special_tokens")) return extra;
  return { skip_special_tokens: false, ...extra };
}

/** Only an answer to a conversation has turns, tool calls and reasoning; a completion is text as it comes. */
function parserOptions(
  request: GenerationRequest,
  model: KserveModel,
  prompt: string,
  plan: ReturnType<typeof planTools>,
): Parameters<typeof createAnswerParser>[0] {
  const { choices } = request;
  if (request.prompt.kind !== "messages") return { choices, stop: [], createId: callId };
  const { createParser, custom } = plan;
  const marks = plan.constraint === undefined ? model.reasoning : undefined;
  return {
    choices,
    stop: model.template.stop,
    createId: callId,
    ...(createParser === undefined ? {} : { toolCalls: { createParser, custom } }),
    ...(marks === undefined ? {} : { reasoning: { marks, startsInside: endsWithAny(prompt, marks.open) } }),
  };
}

const callId = () => createId("call_", 24);

/** Templates of some models open the thinking themselves. */
function endsWithAny(prompt: string, marks: readonly string[]): boolean {
  const end = prompt.slice(-200).trimEnd();
  return marks.some((mark) => end.endsWith(mark.trim()));
}
