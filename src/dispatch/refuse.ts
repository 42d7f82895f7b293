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
  if (request.logprobs !== undefined && !capabilities.logprobs) throw unsupported("logprobs");
  if (request.tools.length > 0 && request.toolChoice.mode !== "none" && !capabilities.tools)
    throw unsupported("tools");
  if (request.suffix !== undefined && !capabilities.suffix) throw unsupported("suffix");
  if (request.output.kind === "json-schema" && request.output.strict && !capabilities.json) {
    throw unsupported("response_format");
  }
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

const headerSafe = /^[\w.-]{1,64}$/;
const maxNames = 32;

/** Names of the fields that were given and have no effect on this backend, for a header. */
export function ignoredFields(request: GenerationRequest, capabilities: Capabilities): string[] {
  const names: string[] = [];
  for (const [field, name] of samplingNames) {
    if (request.sampling[field] !== undefined && !capabilities.sampling.has(field)) names.push(name);
  }
  if (request.output.kind !== "text" && !capabilities.json) names.push("response_format");
  if (request.reasoning !== undefined && !capabilities.reasoningEffort) names.push("reasoning_effort");
  for (const name of Object.keys(request.extra)) {
    if (!capabilities.extra.has(name) && headerSafe.test(name)) names.push(name);
  }
  return names.slice(0, maxNames);
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
