import { chatml } from "./chatml.ts";
import { commandR } from "./command-r.ts";
import { deepseek, deepseekR1, deepseekV2 } from "./deepseek.ts";
import type { Form } from "./form.ts";
import { gemma } from "./gemma.ts";
import { granite } from "./granite.ts";
import { llama2 } from "./llama2.ts";
import { llama3 } from "./llama3.ts";
import { mistral } from "./mistral.ts";
import { phi, phi3, phi4 } from "./phi.ts";
import { plain } from "./plain.ts";
import { qwen } from "./qwen.ts";
import type { Template } from "./template.ts";
import { withJsonArguments } from "./tool-arguments.ts";
import { writeTools } from "./written-tools.ts";

/** Templates by the name under which the configuration knows them. */
export const builtInTemplates = {
  plain: builtIn(plain),
  chatml: builtIn(chatml),
  "command-r": builtIn(commandR),
  deepseek: builtIn(deepseek),
  "deepseek-r1": builtIn(deepseekR1),
  "deepseek-v2": builtIn(deepseekV2),
  gemma: builtIn(gemma),
  granite: builtIn(granite),
  llama2: builtIn(llama2),
  llama3: builtIn(llama3),
  mistral: builtIn(mistral),
  phi: builtIn(phi),
  phi3: builtIn(phi3),
  phi4: builtIn(phi4),
  qwen: builtIn(qwen),
} as const satisfies Readonly<Record<string, Template>>;

export type BuiltInTemplateName = keyof typeof builtInTemplates;

function builtIn(form: Form): Template {
  return {
    ...form,
    variables: new Set(form.variables),
    render: async (conversation) =>
      form.render({
        ...conversation,
        messages: await withJsonArguments(conversation.messages),
        tools: await writeTools(conversation.tools),
      }),
  };
}
