import { countCodePoints } from "../../core/code-points.ts";
import type { EventBatch, GenerationEvent, TokenLogprob } from "../../core/generation.ts";
import { type AnswerHeader, encodeUsage } from "../common/header.ts";
import { type FrameEncoder, toFrames } from "../common/frames.ts";
import { jsonText } from "../common/json-text.ts";
import { completionFinishReasons, type EncodeOptions, logprobStarts, promptIndex } from "./encode.ts";
import { encodeLegacyLogprobs, type LogprobStart } from "./logprobs.ts";

export interface EncodeStreamOptions extends EncodeOptions {
  includeUsage: boolean;
  /** The first event is late: send a first chunk without it. */
  headStart: boolean;
}

/** The answer as `text_completion` frames. */
export function encodeStream(
  batches: AsyncIterable<EventBatch>,
  header: AnswerHeader,
  options: EncodeStreamOptions,
): AsyncGenerator<string> {
  const encoder = new CompletionChunkEncoder(header, options);
  return toFrames(batches, encoder, options.headStart ? encoder.opening() : "");
}

class CompletionChunkEncoder implements FrameEncoder {
  readonly #options: EncodeStreamOptions;
  readonly #before: string;
  readonly #after: string;
  readonly #starts: readonly LogprobStart[];
  /** Of each choice, where its next token begins; set once the choice has begun. */
  readonly #next: (LogprobStart | undefined)[];

  constructor(header: AnswerHeader, options: EncodeStreamOptions) {
    this.#options = options;
    this.#starts = logprobStarts(options);
    this.#next = Array.from({ length: options.prompts.length * options.choicesPerPrompt });
    const { id, created, model } = header;
    const shared = JSON.stringify({
      id,
      object: "text_completion",
      created,
      model,
      system_fingerprint: null,
    });
    this.#before = `data: ${shared.slice(0, -1)},"choices":[`;
    this.#after = `]${options.includeUsage ? ',"usage":null' : ""}}\n\n`;
  }

  opening(): string {
    const begun = this.#next.map((_, choice) => this.#begin(choice)).join("");
    return begun === "" ? this.#chunk(0, "") : begun;
  }

  encode(batch: EventBatch): string {
    let frames = "";
    for (const event of batch) frames += this.#event(event);
    return frames;
  }

  #event(event: GenerationEvent): string {
    switch (event.type) {
      case "text-delta":
        return (
          this.#begin(event.choice) +
          this.#chunk(event.choice, event.text, this.#logprobs(event.choice, event.logprobs))
        );
      case "finish":
        return (
          this.#begin(event.choice) +
          this.#chunk(event.choice, "", "null", `"${completionFinishReasons[event.reason]}"`)
        );
      case "usage":
        return this.#options.includeUsage
          ? `${this.#before}],"usage":${JSON.stringify(encodeUsage(event.usage))}}\n\n`
          : "";
      case "reasoning-delta":
      case "refusal-delta":
      case "tool-call-start":
      case "tool-call-delta":
      case "metadata":
        return "";
    }
  }

  /** With `echo`, a choice begins with its prompt. */
  #begin(choice: number): string {
    if (this.#next[choice] !== undefined) return "";
    const index = promptIndex(choice, this.#options);
    this.#next[choice] = this.#starts[index];
    const prompt = this.#options.prompts[index] ?? "";
    return this.#options.echo && prompt !== "" ? this.#chunk(choice, prompt) : "";
  }

  #logprobs(choice: number, tokens: readonly TokenLogprob[] | undefined): string {
    const start = this.#next[choice];
    if (!this.#options.logprobs || tokens === undefined || start === undefined) return "null";
    const offset = tokens.reduce((sum, { token }) => sum + countCodePoints(token), start.offset);
    this.#next[choice] = { offset, isPrompt: start.isPrompt && tokens.length === 0 };
    return JSON.stringify(encodeLegacyLogprobs(tokens, start));
  }

  #chunk(choice: number, text: string, logprobs = "null", finish = "null"): string {
    return `${this.#before}{"text":${jsonText(text)},"index":${choice},"logprobs":${logprobs},"finish_reason":${finish}}${this.#after}`;
  }
}
