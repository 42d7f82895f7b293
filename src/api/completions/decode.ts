import { ServeError } from "../../core/error.ts";
import type { GenerationRequest, Prompt } from "../../core/generation.ts";
import { maxChoices } from "../common/fields.ts";
import { decodeSampling, extraFields, noteFields } from "../common/sampling.ts";
import { decodePrompts } from "./decode-prompt.ts";
import { CompletionRequest } from "./schema.ts";

const readFields: ReadonlySet<string> = new Set(Object.keys(CompletionRequest.properties));
/** OpenAI's own default, which its clients and their tests count on. */
const defaultMaxTokens = 16;

/** One request for each prompt. Throws `invalid_request` for what the schema cannot say. */
export function decode(body: CompletionRequest): GenerationRequest[] {
  const choices = body.n ?? 1;
  const bestOf = decodeBestOf(body, choices);
  const prompts = decodePrompts(body.prompt);
  if (prompts.length * choices > maxChoices) {
    throw new ServeError(
      "invalid_request",
      `'prompt' and 'n' together ask for more than ${maxChoices} answers.`,
      {
        code: "array_above_max_length",
        param: "prompt",
      },
    );
  }
  return prompts.map((prompt) => ({ ...toRequest(body, prompt, choices), ...bestOf }));
}

function toRequest(body: CompletionRequest, prompt: Prompt, choices: number): GenerationRequest {
  return {
    model: body.model ?? "",
    prompt,
    sampling: decodeSampling(body, body.max_tokens ?? defaultMaxTokens),
    choices,
    tools: [],
    toolChoice: { mode: "none" },
    parallelToolCalls: false,
    output: { kind: "text" },
    ...(body.suffix == null || body.suffix === "" ? {} : { suffix: body.suffix }),
    ...(body.logprobs == null ? {} : { logprobs: { top: body.logprobs } }),
    ...(body.logprobs != null && body.echo === true ? { echoLogprobs: true } : {}),
    stream: body.stream ?? false,
    extra: extraFields(body, readFields),
    ...noteFields(body),
  };
}

/** No more candidates than answers is what every backend does. */
function decodeBestOf(body: CompletionRequest, choices: number): { bestOf?: number } {
  const bestOf = body.best_of ?? choices;
  if (bestOf < choices) {
    throw new ServeError("invalid_request", "'best_of' must not be less than 'n'.", {
      code: "invalid_value",
      param: "best_of",
    });
  }
  if (bestOf > choices && body.stream === true) {
    throw new ServeError("invalid_request", "'best_of' greater than 'n' cannot be streamed.", {
      code: "invalid_value",
      param: "best_of",
    });
  }
  return bestOf > choices ? { bestOf } : {};
}
