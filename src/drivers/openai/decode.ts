import type { FinishReason, GenerationEvent, Usage } from "../../core/generation.ts";
import { isRecord, type JsonRecord } from "../../core/json.ts";
import { readFinish } from "./finish.ts";
import { readLogprobs } from "./logprobs.ts";
import { MalformedAnswer } from "./malformed.ts";
import { readWords } from "./read-content.ts";
import { readToolCallDeltas } from "./tool-call-delta.ts";
import { ToolCallReader } from "./tool-calls.ts";
import { usageOf } from "./usage.ts";

export interface AnswerOptions {
  /** How many were asked for. */
  choices: number;
  logprobs: boolean;
  /** Told of what is not as the protocol says and was mended, each kind once. */
  onOddity(text: string): void;
}

/**
 * Chunks of a stream, or a whole answer, in events that keep the contract of `GenerationEvent`, whatever the server
 * leaves out or repeats. `usage` is the last that it said; it comes from `end`.
 */
export class AnswerReader {
  readonly #options: AnswerOptions;
  readonly #choices: ChoiceReader[];
  readonly #oddities = new Set<string>();
  #only: number | undefined;
  #usage: Usage | undefined;

  constructor(options: AnswerOptions) {
    this.#options = options;
    this.#choices = Array.from(
      { length: options.choices },
      (_, index) =>
        new ChoiceReader(index, { logprobs: options.logprobs, onOddity: (text) => this.#tell(text) }),
    );
  }

  /** Whether anything of an answer has come. */
  get hasBegun(): boolean {
    return this.#choices.some(({ hasBegun }) => hasBegun);
  }

  get isFinished(): boolean {
    return this.#choices.every(({ isFinished }) => isFinished);
  }

  /** Throws `MalformedAnswer`. */
  read(chunk: unknown): GenerationEvent[] {
    if (!isRecord(chunk)) throw new MalformedAnswer("A part of it is no object.");
    this.#usage = usageOf(chunk) ?? this.#usage;
    const { choices } = chunk;
    if (!Array.isArray(choices)) return [];
    return choices.filter(isRecord).flatMap((choice, position) => this.#readChoice(choice, position));
  }

  /** What was held back, the ends that the server left out, and the usage. Throws `MalformedAnswer`. */
  end(): GenerationEvent[] {
    const rest = this.#choices.flatMap((choice) => choice.end());
    return this.#usage === undefined ? rest : [...rest, { type: "usage", usage: this.#usage }];
  }

  #readChoice(choice: JsonRecord, position: number): GenerationEvent[] {
    const { index } = choice;
    const given = typeof index === "number" && Number.isInteger(index) ? index : position;
    // A single choice may have any index, as long as it keeps it.
    if (this.#choices.length === 1) this.#only ??= given;
    const reader = this.#choices[given === this.#only ? 0 : this.#only === undefined ? given : -1];
    if (reader !== undefined) return reader.read(choice);
    this.#tell("It gives more choices than were asked for");
    return [];
  }

  #tell(text: string): void {
    if (this.#oddities.has(text)) return;
    this.#oddities.add(text);
    this.#options.onOddity(text);
  }
}

class ChoiceReader {
  readonly #index: number;
  readonly #options: Pick<AnswerOptions, "logprobs" | "onOddity">;
  readonly #calls: ToolCallReader;
  hasBegun = false;
  isFinished = false;

  constructor(index: number, options: Pick<AnswerOptions, "logprobs" | "onOddity">) {
    this.#index = index;
    this.#options = options;
    this.#calls = new ToolCallReader(index);
  }

  read(choice: JsonRecord): GenerationEvent[] {
    this.hasBegun = true;
    if (this.isFinished) return [];
    const { delta, message, finish_reason: word } = choice;
    const isWhole = !isRecord(delta) && isRecord(message);
    const said = isRecord(delta) ? delta : isRecord(message) ? message : choice;
    const events = this.#readWords(said, choice["logprobs"]);
    for (const call of readToolCallDeltas(said)) events.push(...this.#calls.read(call, isWhole));
    if (typeof word === "string" && word !== "") events.push(...this.#finish(word));
    return events;
  }

  /** A choice that has no end of its own. */
  end(): GenerationEvent[] {
    if (this.isFinished) return [];
    if (!this.hasBegun) throw new MalformedAnswer("It lacks a choice.");
    this.#options.onOddity("It ends without a finish reason");
    return this.#finish("stop");
  }

  #readWords(said: JsonRecord, logprobs: unknown): GenerationEvent[] {
    const choice = this.#index;
    const { text, reasoning, refusal } = readWords(said);
    const tokens = this.#options.logprobs ? readLogprobs(logprobs) : undefined;
    const events: GenerationEvent[] = [];
    if (reasoning !== "") events.push({ type: "reasoning-delta", choice, text: reasoning });
    if (tokens !== undefined && tokens.length > 0) {
      events.push({ type: "text-delta", choice, text, logprobs: tokens });
    } else if (text !== "") {
      events.push({ type: "text-delta", choice, text });
    }
    if (refusal !== "") events.push({ type: "refusal-delta", choice, text: refusal });
    return events;
  }

  #finish(word: string): GenerationEvent[] {
    const reason = this.#reasonOf(word);
    this.isFinished = true;
    return [...this.#calls.end(), { type: "finish", choice: this.#index, reason }];
  }

  /** A call is to be made whatever the word is; without one, none is. */
  #reasonOf(word: string): FinishReason {
    const reason = readFinish(word);
    if (reason === "failed") throw new MalformedAnswer("It says that it failed.");
    if (reason === undefined) this.#options.onOddity("It ends with an unknown finish reason");
    const known = reason ?? "stop";
    if (known === "stop") return this.#calls.hasCalls ? "tool-calls" : "stop";
    return known === "tool-calls" && !this.#calls.hasCalls ? "stop" : known;
  }
}
