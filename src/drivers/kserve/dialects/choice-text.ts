import { createUtf8Decoder } from "../../../text/utf8.ts";
import { type Cumulative, createIncrements } from "./cumulative.ts";
import { createEchoFilter, type Echo } from "./echo.ts";

/** The text of one choice, from the bytes of its messages. */
export interface ChoiceText {
  /** What is given out now. */
  push(bytes: Uint8Array): string;
  /** The choice is over: what was held back. A character that is cut short is dropped. */
  end(): string;
  /** Whether bytes have come that are not UTF-8. */
  readonly sawInvalid: boolean;
  /** Whether the last message was a token of the answer, and not of the prompt or of before. */
  readonly isToken: boolean;
}

export interface TextForm {
  prompt: string;
  cumulative: Cumulative;
  echo: Echo;
}

export function createChoiceText({ prompt, cumulative, echo }: TextForm): ChoiceText {
  const decoder = createUtf8Decoder();
  const increments = createIncrements(cumulative);
  const filter = createEchoFilter(prompt, echo);
  let isToken = false;
  return {
    push(bytes) {
      const written = decoder.write(increments.push(bytes));
      const text = filter.push(written);
      isToken = !increments.isRepeat && (written === "" || text !== "");
      return text;
    },
    end: () => filter.push(decoder.write(increments.end())) + filter.end(),
    get sawInvalid() {
      return decoder.sawInvalid;
    },
    get isToken() {
      return isToken;
    },
  };
}
