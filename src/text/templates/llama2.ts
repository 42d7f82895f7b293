import type { Message } from "../../core/generation.ts";
import type { Form } from "./form.ts";
import { joinTexts, textOf } from "./text.ts";
import { assistantText, hermesCall, hermesResult } from "./tool-text.ts";
import { takeSystem, takeTurns } from "./turns.ts";

/** Llama 2 chat and Code Llama: `[INST] … [/INST] … </s>`, what the operator says at the head of the first turn. */
export const llama2: Form = {
  name: "llama2",
  stop: ["</s>"],
  takesTools: false,
  render({ messages }) {
    const { system, rest } = takeSystem(messages);
    const head = system === "" ? "" : `<<SYS>>\n${system}\n<</SYS>>\n\n`;
    const turns = takeTurns(rest);
    // An answer has no place before the first question, so that one is asked without words.
    const isAnswerFirst = turns[0]?.isAnswer ?? true;
    const asked = turns.map(({ isAnswer, messages: said }, index) =>
      isAnswer ? answer(said) : question(index === 0 ? head : "", said),
    );
    const prompt =
      isAnswerFirst && (head !== "" || turns.length > 0) ? [question(head, []), ...asked] : asked;
    // The server writes the first mark of the beginning.
    return prompt.join("").replace(/^<s>/, "");
  },
};

function question(head: string, messages: readonly Message[]): string {
  return `<s>[INST] ${head}${joinTexts(messages.map(saidByOthers), "\n\n")} [/INST]`;
}

function answer(messages: readonly Message[]): string {
  return ` ${joinTexts(
    messages.map((message) => assistantText(message, hermesCall).trim()),
    "\n\n",
  )} </s>`;
}

function saidByOthers(message: Message): string {
  return message.role === "tool" ? hermesResult(message) : textOf(message).trim();
}
