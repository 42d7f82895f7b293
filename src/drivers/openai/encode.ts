import type { EmbeddingRequest, GenerationRequest, OutputFormat, Tool } from "../../core/generation.ts";
import type { JsonRecord } from "../../core/json.ts";
import { encodeMessages } from "./encode-messages.ts";
import { hasCompletionsFor, isForwarded, type Traits } from "./traits.ts";

/** One POST: where, below the base URL, and what. */
export interface EncodedCall {
  path: "chat/completions" | "completions" | "embeddings";
  body: JsonRecord;
}

/**
 * Asks for a stream with usage, whatever the client asked for: there is one way for answers to come, and a call that is
 * under way can be ended. `traits` say how the server wants it.
 */
export function encode(request: GenerationRequest, traits: Traits): EncodedCall {
  const { prompt } = request;
  if (prompt.kind !== "messages" && hasCompletionsFor(traits, request.model)) {
    return { path: "completions", body: encodeCompletion(request, traits) };
  }
  const messages =
    prompt.kind === "messages"
      ? encodeMessages(prompt.messages, traits, request.model)
      : [{ role: "user", content: prompt.kind === "text" ? prompt.text : "" }];
  return {
    path: "chat/completions",
    body: {
      ...forwardedNotes(request.notes),
      ...forwarded(request.extra),
      model: request.model,
      messages,
      ...encodeSampling(request, traits),
      ...encodeTools(request, traits),
      ...encodeFormat(request.output, traits),
      ...(request.reasoning === undefined ? {} : { reasoning_effort: request.reasoning.effort }),
      ...encodeLogprobs(request.logprobs),
      ...streaming,
    },
  };
}

/** In floats, which every server has. */
export function encodeEmbedding({ model, inputs, dimensions, extra }: EmbeddingRequest): EncodedCall {
  return {
    path: "embeddings",
    body: {
      ...forwarded(extra),
      model,
      input: inputs.map((input) => (input.kind === "text" ? input.text : input.tokens)),
      ...(dimensions === undefined ? {} : { dimensions }),
    },
  };
}

const streaming = { stream: true, stream_options: { include_usage: true } };

function encodeCompletion(request: GenerationRequest, traits: Traits): JsonRecord {
  const { prompt, suffix, logprobs, extra, notes, model } = request;
  return {
    ...forwardedNotes(notes),
    ...forwarded(extra),
    model,
    prompt: prompt.kind === "tokens" ? prompt.tokens : prompt.kind === "text" ? prompt.text : "",
    ...(suffix === undefined ? {} : { suffix }),
    ...encodeSampling(request, { ...traits, maxTokensField: "max_tokens" }),
    ...(logprobs === undefined ? {} : { logprobs: logprobs.top }),
    ...streaming,
  };
}

function forwarded(extra: GenerationRequest["extra"]): JsonRecord {
  return Object.fromEntries(Object.entries(extra).filter(([name]) => isForwarded(name)));
}

/** OpenAI refuses metadata of what is not stored, and we store nothing there. */
function forwardedNotes({ metadata: _metadata, ...notes }: JsonRecord = {}): JsonRecord {
  return notes;
}

function encodeSampling({ sampling, choices }: GenerationRequest, traits: Traits): JsonRecord {
  const fields = {
    [traits.maxTokensField]: sampling.maxTokens,
    temperature: sampling.temperature,
    top_p: sampling.topP,
    top_k: traits.topK ? sampling.topK : undefined,
    seed: sampling.seed,
    frequency_penalty: sampling.frequencyPenalty,
    presence_penalty: sampling.presencePenalty,
    logit_bias: sampling.logitBias,
    stop: sampling.stop,
    n: choices === 1 ? undefined : choices,
  };
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
}

function encodeTools(request: GenerationRequest, { allowedTools }: Traits): JsonRecord {
  const { toolChoice, parallelToolCalls } = request;
  const isNarrowed = toolChoice.mode === "allowed" && !allowedTools;
  const tools = isNarrowed
    ? request.tools.filter(({ name }) => toolChoice.names.includes(name))
    : request.tools;
  if (tools.length === 0) return {};
  const choice = isNarrowed ? (toolChoice.required ? "required" : "auto") : encodeChoice(request);
  return {
    tools: tools.map(encodeTool),
    ...(choice === "auto" ? {} : { tool_choice: choice }),
    ...(parallelToolCalls ? {} : { parallel_tool_calls: false }),
  };
}

function encodeChoice({ toolChoice, tools }: GenerationRequest): unknown {
  const named = (name: string) => {
    const kind = tools.find((tool) => tool.name === name)?.kind ?? "function";
    return { type: kind, [kind]: { name } };
  };
  switch (toolChoice.mode) {
    case "none":
    case "auto":
    case "required":
      return toolChoice.mode;
    case "named":
      return named(toolChoice.name);
    case "allowed": {
      const mode = toolChoice.required ? "required" : "auto";
      return { type: "allowed_tools", allowed_tools: { mode, tools: toolChoice.names.map(named) } };
    }
  }
}

function encodeTool({ kind, name, description, parameters, strict }: Tool): JsonRecord {
  const named = { name, ...(description === undefined ? {} : { description }) };
  if (kind === "custom") return { type: "custom", custom: named };
  return {
    type: "function",
    function: {
      ...named,
      ...(parameters === undefined ? {} : { parameters }),
      ...(strict === undefined ? {} : { strict }),
    },
  };
}

function encodeFormat(output: OutputFormat, { structured }: Traits): JsonRecord {
  if (output.kind === "text" || structured === "none") return {};
  // Where a schema is not kept, dispatch asks for it in words and checks.
  if (output.kind === "json" || structured === "object") return { response_format: { type: "json_object" } };
  const { name, schema, strict } = output;
  return { response_format: { type: "json_schema", json_schema: { name, schema, strict } } };
}

function encodeLogprobs(logprobs: GenerationRequest["logprobs"]): JsonRecord {
  if (logprobs === undefined) return {};
  return { logprobs: true, ...(logprobs.top === 0 ? {} : { top_logprobs: logprobs.top }) };
}
