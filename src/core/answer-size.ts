import { ServeError } from "./error.ts";
import type { GenerationEvent, TokenLogprob } from "./generation.ts";

/** Characters of all choices together; a character of code beyond 16 bits counts as two. */
const maxCharacters = 33_554_432;

/** How much of an answer is held at once. */
export class AnswerSize {
  #characters = 0;

  /** Throws `upstream` once the answer is longer than what is held of one. */
  add(event: GenerationEvent): void {
    this.#characters += charactersOf(event);
    if (this.#characters <= maxCharacters) return;
    throw new ServeError(
      "upstream",
      `The model's answer is longer than ${maxCharacters} characters, the most that is held for an answer at once.`,
      { code: "upstream_error" },
    );
  }
}

function charactersOf(event: GenerationEvent): number {
  switch (event.type) {
    case "text-delta":
      return (
        event.text.length + (event.logprobs?.reduce((sum, each) => sum + charactersOfToken(each), 0) ?? 0)
      );
    case "reasoning-delta":
    case "refusal-delta":
      return event.text.length;
    case "tool-call-start":
      return event.name.length + 1;
    case "tool-call-delta":
      return event.arguments.length;
    case "finish":
    case "usage":
    case "metadata":
      return 0;
  }
}

/** With its alternatives; an empty one takes room as well. */
function charactersOfToken({ token, top }: TokenLogprob): number {
  return top.reduce((sum, each) => sum + each.token.length + 1, token.length + 1);
}
