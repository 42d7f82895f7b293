import type { GenerationEvent } from "../core/generation.ts";
import { type AnswerForm, ChoiceParser } from "./answer/choice-parser.ts";

/** Turns the raw text of a model into the events of an answer. One for each call of a backend. */
export interface AnswerParser {
  /**
   * Every choice has its `finish`, and at least one was ended here, by an end-of-turn text: nothing that the backend
   * may still say of them is wanted.
   */
  readonly isCut: boolean;
  /** Nothing is looked for in the text: `apply` only copies. */
  readonly isTransparent: boolean;
  /** Adds to `out` what `events` of the backend mean. */
  apply(events: readonly GenerationEvent[], out: GenerationEvent[]): void;
}

export interface AnswerParserOptions extends AnswerForm {
  /** How many choices the call gives, numbered from 0. */
  choices: number;
}

/**
 * Text becomes text, reasoning and tool calls; what comes after an end-of-turn text is dropped, and a choice with a
 * tool call that stopped finishes with `tool-calls`. Counts of tokens are kept: if a delta gives nothing to show yet,
 * an empty text delta carries its count. Logprobs stay with the text that they belong to, and vanish with text that
 * becomes something else. All else passes as it is.
 */
export function createAnswerParser(options: AnswerParserOptions): AnswerParser {
  const isTransparent =
    options.toolCalls === undefined && options.reasoning === undefined && options.stop.length === 0;
  const choices = Array.from({ length: options.choices }, (_, index) => new ChoiceParser(index, options));
  let open = options.choices;
  let hasCut = false;
  return {
    isTransparent,
    get isCut() {
      return hasCut && open === 0;
    },
    apply(events, out) {
      for (const event of events) {
        if (!("choice" in event)) out.push(event);
        else if (isTransparent) out.push(event);
        else if (choices[event.choice]?.apply(event, out) === true) {
          open--;
          hasCut ||= event.type !== "finish";
        }
      }
    },
  };
}
