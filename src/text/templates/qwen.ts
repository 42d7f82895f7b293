import { renderChatml } from "./chatml.ts";
import type { Form } from "./form.ts";
import { withoutThinking } from "./text.ts";

/**
 * Qwen 2, 2.5 and 3: ChatML with the results of tools in the user's turn.
 * `enable_thinking: false` has a Qwen 3 model answer without thinking, by an empty thought at the beginning.
 */
export const qwen: Form = {
  name: "qwen",
  stop: ["<|im_end|>"],
  takesTools: true,
  toolCalls: "hermes",
  reasoning: "think",
  variables: ["enable_thinking"],
  render(conversation) {
    const prompt = renderChatml(conversation, { resultRole: "user", recall: withoutThinking });
    return conversation.variables["enable_thinking"] === false ? `${prompt}<think>\n\n</think>\n\n` : prompt;
  },
};
