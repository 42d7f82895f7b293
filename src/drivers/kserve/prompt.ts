import { ServeError } from "../../core/error.ts";
import type { GenerationRequest } from "../../core/generation.ts";
import { renderPrompt } from "../../text/templates/render.ts";
import type { TemplateName } from "../../text/templates/render.ts";
import type { TextRequest } from "./dialects/dialect.ts";

/** The request as text: messages in the model's template, a text prompt as it is. Throws `ServeError`. */
export function toTextRequest(request: GenerationRequest, template: TemplateName): TextRequest {
  return {
    model: request.model,
    prompt: promptText(request, template),
    sampling: request.sampling,
    extra: request.extra,
  };
}

function promptText({ prompt }: GenerationRequest, template: TemplateName): string {
  switch (prompt.kind) {
    case "messages":
      return renderPrompt(template, prompt.messages);
    case "text":
      return prompt.text;
    case "tokens":
      throw new ServeError("invalid_request", "This model does not take prompts of token ids.", {
        code: "unsupported_value",
        param: "prompt",
      });
  }
}
