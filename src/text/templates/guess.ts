import { builtInTemplates, type BuiltInTemplateName } from "./built-in.ts";
import type { Template } from "./template.ts";

/** The built-in that fits the name of a model; `plain` if the name says nothing. */
export function guessTemplate(modelName: string): Template {
  const name = modelName.toLowerCase();
  const [, template = "plain"] = marks.find(([mark]) => mark.test(name)) ?? [];
  return builtInTemplates[template];
}

/** The first that fits decides: a distilled or tuned model is named after both, and speaks as it was tuned. */
const marks: readonly (readonly [RegExp, BuiltInTemplateName])[] = [
  [/deepseek.*r1|\br1[-_]distill/, "deepseek-r1"],
  [/deepseek.*(?:v2|llm|coder)/, "deepseek-v2"],
  [/deepseek/, "deepseek"],
  [/hermes|dolphin|chatml|smollm|internlm|\byi[-_]/, "chatml"],
  [/qwen|\bqwq/, "qwen"],
  [/command[-_]?(?:r|a)\b|command[-_]?r7b|c4ai|\baya/, "command-r"],
  [/granite/, "granite"],
  [/gemma/, "gemma"],
  [/phi[-_]?4[-_]?m/, "phi"],
  [/phi[-_]?4/, "phi4"],
  [/phi[-_]?3/, "phi3"],
  [/mistral|mixtral|ministral|codestral|magistral|devstral/, "mistral"],
  [/llama[-_]?3/, "llama3"],
  [/llama[-_]?2|code[-_]?llama/, "llama2"],
];
