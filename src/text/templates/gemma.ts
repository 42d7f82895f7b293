import type { Message } from "../../core/generation.ts";
import type { Form } from "./form.ts";
import { joinTexts, textOf } from "./text.ts";
import { assistantText, hermesCall, hermesResult } from "./tool-text.ts";
import { takeTurns } from "./turns.ts";

/** Gemma 1 to 3: only `user` and `model`, in turns; what the operator says stands in the user's turn. */
export const gemma: Form = {
  name: "gemma",
  stop: ["<end_of_turn>"],
  takesTools: false,
  render({ messages }) {
    const turns = takeTurns(messages).map(({ isAnswer, messages: said }) =>
      isAnswer
        ? turn(
            "model",
            said.map((message) => assistantText(message, hermesCall)),
          )
        : turn("user", said.map(saidByOthers)),
    );
    return `${turns.join("")}<start_of_turn>model\n`;
  },
};

function turn(role: string, texts: readonly string[]): string {
  return `<start_of_turn>${role}\n${joinTexts(texts, "\n\n").trim()}<end_of_turn>\n`;
}

function saidByOthers(message: Message): string {
  return message.role === "tool" ? hermesResult(message) : textOf(message);
}
