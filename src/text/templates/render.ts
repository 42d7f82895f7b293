import type { Message } from "../../core/generation.ts";
import { chatml } from "./chatml.ts";
import { llama3 } from "./llama3.ts";
import { mistral } from "./mistral.ts";
import { plain } from "./plain.ts";
import type { Template } from "./template.ts";

const templates = { plain, chatml, llama3, mistral } as const satisfies Record<string, Template>;

export type TemplateName = keyof typeof templates;

/** The prompt text that the model of this template should continue with the assistant's turn. */
export function renderPrompt(template: TemplateName, messages: readonly Message[]): string {
  return templates[template].render(messages);
}

/** Texts that end a turn in this template. */
export function templateStop(template: TemplateName): readonly string[] {
  return templates[template].stop;
}
