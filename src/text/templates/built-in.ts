import { chatml } from "./chatml.ts";
import { commandR } from "./command-r.ts";
import { deepseek, deepseekR1, deepseekV2 } from "./deepseek.ts";
import { gemma } from "./gemma.ts";
import { granite } from "./granite.ts";
import { llama2 } from "./llama2.ts";
import { llama3 } from "./llama3.ts";
import { mistral } from "./mistral.ts";
import { phi, phi3, phi4 } from "./phi.ts";
import { plain } from "./plain.ts";
import { qwen } from "./qwen.ts";
import type { Template } from "./template.ts";

/** Templates by the name under which the configuration knows them. */
export const builtInTemplates = {
  plain,
  chatml,
  "command-r": commandR,
  deepseek,
  "deepseek-r1": deepseekR1,
  "deepseek-v2": deepseekV2,
  gemma,
  granite,
  llama2,
  llama3,
  mistral,
  phi,
  phi3,
  phi4,
  qwen,
} as const satisfies Readonly<Record<string, Template>>;

export type BuiltInTemplateName = keyof typeof builtInTemplates;
