import type { ContentPart, GenerationEvent, Message, ToolCall } from "../../../core/generation.ts";

/** Puts the first choice together, as a message of the transcript. */
export class AnswerRecorder {
  #text = "";
  #refusal = "";
  readonly #calls: ToolCall[] = [];

  add(event: GenerationEvent): void {
    if (!("choice" in event) || event.choice !== 0) return;
    switch (event.type) {
      case "text-delta":
        this.#text += event.text;
        break;
      case "refusal-delta":
        this.#refusal += event.text;
        break;
      case "tool-call-start":
        this.#calls[event.index] = { id: event.id, kind: event.kind, name: event.name, arguments: "" };
        break;
      case "tool-call-delta": {
        const call = this.#calls[event.index];
        if (call !== undefined) call.arguments += event.arguments;
        break;
      }
      // What a model thought is not said, and it is given no such thing back.
      case "reasoning-delta":
      case "finish":
        break;
    }
  }

  message(): Message {
    const content: ContentPart[] = [];
    if (this.#text !== "") content.push({ type: "text", text: this.#text });
    if (this.#refusal !== "") content.push({ type: "refusal", text: this.#refusal });
    const toolCalls = this.#calls.filter((call) => call !== undefined);
    return { role: "assistant", content, ...(toolCalls.length > 0 && { toolCalls }) };
  }
}
