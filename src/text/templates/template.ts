import type { Message } from "../../core/generation.ts";

/**
 * How a model was taught to see a conversation. A renderer takes the text of a message as data: what a message
 * says cannot change the form, except where the form itself has no way to quote its marks.
 * No template writes the begin-of-text token; tokenizers of model servers add it.
 */
export interface Template {
  /** Texts with which the model ends its turn. */
  readonly stop: readonly string[];
  /** The prompt up to where the assistant's next turn begins, in time linear in the messages. */
  render(messages: readonly Message[]): string;
}
