import type { ContentPart, GenerationEvent, Message, ToolCall } from "../../../core/generation.ts";
import { GrowingText } from "../../../core/growing-text.ts";

interface GrowingCall extends Omit<ToolCall, "arguments"> {
  arguments: GrowingText;
}

/** What a call costs besides its texts, in characters. */
const callCharacters = 48;

/** Puts the first choice together, as a message of the transcript, unless it is longer than so many characters. */
export class AnswerRecorder {
  readonly #calls: GrowingCall[] = [];
  #text = new GrowingText();
  #refusal = new GrowingText();
  #left: number;

  constructor(maxCharacters: number) {
    this.#left = maxCharacters;
  }

  /** Once too long, it holds nothing and takes nothing any more. */
  get isTooLong(): boolean {
    return this.#left < 0;
  }

  add(event: GenerationEvent): void {
    if (!("choice" in event) || event.choice !== 0 || this.isTooLong) return;
    switch (event.type) {
      case "text-delta":
        if (this.#hasRoom(event.text.length)) this.#text.add(event.text);
        break;
      case "refusal-delta":
        if (this.#hasRoom(event.text.length)) this.#refusal.add(event.text);
        break;
      case "tool-call-start": {
        const { id, kind, name } = event;
        if (this.#hasRoom(callCharacters + id.length + name.length)) {
          this.#calls[event.index] = { id, kind, name, arguments: new GrowingText() };
        }
        break;
      }
      case "tool-call-delta":
        if (this.#hasRoom(event.arguments.length)) this.#calls[event.index]?.arguments.add(event.arguments);
        break;
      // What a model thought is not said, and it is given no such thing back.
      case "reasoning-delta":
      case "finish":
        break;
    }
  }

  message(): Message {
    const content: ContentPart[] = [];
    const [text, refusal] = [String(this.#text), String(this.#refusal)];
    if (text !== "") content.push({ type: "text", text });
    if (refusal !== "") content.push({ type: "refusal", text: refusal });
    const toolCalls = this.#calls
      .filter((call) => call !== undefined)
      .map((call) => ({ ...call, arguments: String(call.arguments) }));
    return { role: "assistant", content, ...(toolCalls.length > 0 && { toolCalls }) };
  }

  #hasRoom(characters: number): boolean {
    this.#left -= characters;
    if (!this.isTooLong) return true;
    this.#text = new GrowingText();
    this.#refusal = new GrowingText();
    this.#calls.length = 0;
    return false;
  }
}
