import { ServeError } from "../core/error.ts";
import type { Capabilities, GenerationRequest, Message, Sampling } from "../core/generation.ts";
import { promptBytes } from "../tokens/prompt-size.ts";

/** All but `maxTokens` and `stop`, which dispatch does itself for a backend that does not. */
const samplingNames: readonly (readonly [keyof Sampling, string])[] = [
  ["temperature", "temperature"],
  ["topP", "top_p"],
  ["topK", "top_k"],
  ["seed", "seed"],
  ["frequencyPenalty", "frequency_penalty"],
  ["presencePenalty", "presence_penalty"],
  ["logitBias", "logit_bias"],
];

/** Throws `invalid_request` for what the backend cannot do and the client must not believe done. */
export function refuseUnsupported(request: GenerationRequest, capabilities: Capabilities): void {
  if (!capabilities.text) {
    throw new ServeError("invalid_request", "This model makes embeddings and generates no text.", {
      code: "unsupported_value",
      param: "model",
    });
  }
  if (request.logprobs !== undefined && !capabilities.logprobs) throw unsupported("logprobs");
  if (request.echoLogprobs === true && !capabilities.echoLogprobs) {
    throw new ServeError("invalid_request", "This model does not support 'logprobs' of the prompt.", {
      code: "unsupported_parameter",
      param: "logprobs",
    });
  }
  if ((request.bestOf ?? 0) > request.choices && !capabilities.bestOf) {
    throw new ServeError("invalid_request", "'best_of' greater than 'n' is not supported by this model.", {
      code: "unsupported_value",
      param: "best_of",
    });
  }
  if (request.tools.length > 0 && request.toolChoice.mode !== "none" && !capabilities.tools)
    throw unsupported("tools");
  if (request.suffix !== undefined && !capabilities.suffix) throw unsupported("suffix");
  if (request.prompt.kind === "messages") refuseMedia(request.prompt.messages, capabilities);
}

function refuseMedia(messages: readonly Message[], capabilities: Capabilities): void {
  for (const [position, message] of messages.entries()) {
    for (const [index, part] of message.content.entries()) {
      const served =
        part.type === "text" ||
        part.type === "refusal" ||
        (part.type === "image" && capabilities.images) ||
        (part.type === "audio" && capabilities.audio) ||
        (part.type === "file" && capabilities.files);
      if (!served) {
        throw new ServeError(
          "invalid_request",
          `This model does not take content of the type '${part.type}'.`,
          {
            code: "unsupported_value",
            param: `messages[${position}].content[${index}]`,
          },
        );
      }
    }
  }
}

function unsupported(param: string): ServeError {
  return new ServeError("invalid_request", `This model does not support '${param}'.`, {
    code: "unsupported_parameter",
    param,
  });
}

/** Throws `invalid_request` that names the first field of `request` that has no effect on this backend. */
export function refuseIgnored(request: GenerationRequest, capabilities: Capabilities): void {
  refuseUnknown(request.extra, capabilities);
  const [name] = ignoredFields(request, capabilities);
  if (name !== undefined) throw unsupported(name);
}

/** Throws `invalid_request` that names the first field of `extra` that the backend does not take. */
export function refuseUnknown(extra: GenerationRequest["extra"], capabilities: Capabilities): void {
  const unknown = Object.keys(extra).find((name) => !capabilities.extra.has(name));
  if (unknown === undefined) return;
  const param = unknown.slice(0, 64);
  throw new ServeError("invalid_request", `Unknown parameter: '${param}'.`, {
    code: "unknown_parameter",
    param,
  });
}

const headerSafe = /^[\w.-]{1,64}$/;
const maxNames = 32;

/** Names of the fields that were given and have no effect on this backend, for a header. */
export function ignoredFields(request: GenerationRequest, capabilities: Capabilities): string[] {
  const names: string[] = [];
  for (const [field, name] of samplingNames) {
    if (request.sampling[field] !== undefined && !capabilities.sampling.has(field)) names.push(name);
  }
  // Completions have a limit of their own that nobody gave.
  const isLimited = request.sampling.maxTokens !== undefined && request.prompt.kind === "messages";
  if (isLimited && capabilities.wholeOnly === true && !capabilities.sampling.has("maxTokens")) {
    names.push("max_tokens");
  }
  // In a conversation it is asked for in words, and held to.
  if (request.output.kind !== "text" && !capabilities.json && request.prompt.kind !== "messages") {
    names.push("response_format");
  }
  if (request.reasoning !== undefined && !capabilities.reasoningEffort) names.push("reasoning_effort");
  return [...names, ...ignoredExtra(request.extra, capabilities)].slice(0, maxNames);
}

/** Names of uninterpreted fields that the backend does not take. */
export function ignoredExtra(extra: GenerationRequest["extra"], capabilities: Capabilities): string[] {
  return Object.keys(extra)
    .filter((name) => !capabilities.extra.has(name) && headerSafe.test(name))
    .slice(0, maxNames);
}

/** Throws `invalid_request` when many answers to large prompts would fill the memory. */
export function refuseMultiplied(requests: readonly GenerationRequest[], maxPromptBytes: number): void {
  const answers = requests.reduce((sum, request) => sum + request.choices, 0);
  if (answers === 1) return;
  let bytes = 0;
  for (const request of requests) {
    bytes += promptBytes(request, maxPromptBytes) * request.choices;
    if (bytes > maxPromptBytes) {
      throw new ServeError(
        "invalid_request",
        `The prompts of this request, each as often as it is to be answered, are larger than ${maxPromptBytes} bytes.`,
        { code: "invalid_value", param: "n" },
      );
    }
  }
}
