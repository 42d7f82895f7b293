import { renderChatml } from "./chatml.ts";
import type { Template } from "./template.ts";
import { withoutThinking } from "./text.ts";

/**
 * Qwen 2, 2.5 and 3: ChatML with the results of tools in the user's turn.
 * `enable_thinking: false` has a Qwen 3 model answer without thinking, by an empty thought at the beginning.
 */
export const qwen: Template = {
  name: "qwen",
  stop: ["<|im_end|>"],
  takesTools: true,
  toolCalls: "hermes",
  reasoning: "think",
  render(conversation) {
    const prompt = renderChatml(conversation, { resultRole: "user", recall: withoutThinking });
    return conversation.variables["enable_thinking"] === false ? `${prompt}<think>\n\n</think>\n\n` : prompt;
  },
};
