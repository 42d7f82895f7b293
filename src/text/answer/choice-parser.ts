import type { FinishReason, GenerationEvent } from "../../core/generation.ts";
import type { ReasoningMarks } from "../reasoning/format.ts";
import { type AnswerPart, createReasoningSplitter, type ReasoningSplitter } from "../reasoning/splitter.ts";
import { createStopMatcher, type StopMatcher } from "../stop.ts";
import type { AnswerPiece, ToolCallParser } from "../tool-calls/format.ts";
import { CustomInput } from "./custom-input.ts";
import { LogprobQueue, type LogprobUnit, toUnits } from "./logprob-queue.ts";

/** What to look for in the text of an answer. */
export interface AnswerForm {
  toolCalls?: {
    createParser(): ToolCallParser;
    /** Names of the tools whose input is plain text. */
    custom: ReadonlySet<string>;
  };
  reasoning?: {
    marks: ReasoningMarks;
    /** The prompt ends with the opening mark. */
    startsInside: boolean;
  };
  /** Texts that end the model's turn, as they stand in the raw text. The array must not change. */
  stop: readonly string[];
  /** A new id of a tool call, for those to which the model gave none. */
  createId(): string;
}

type ChoiceEvent = Extract<GenerationEvent, { choice: number }>;
type TextDelta = Extract<GenerationEvent, { type: "text-delta" }>;

/** Parses one choice. */
export class ChoiceParser {
  readonly #choice: number;
  readonly #form: AnswerForm;
  readonly #matcher: StopMatcher | undefined;
  readonly #splitter: ReasoningSplitter | undefined;
  readonly #parser: ToolCallParser | undefined;
  readonly #parts: AnswerPart[] = [];
  readonly #pieces: AnswerPiece[] = [];
  /** Tokens of the last delta that no event has carried yet, and its length. */
  #tokens: number | undefined;
  /** The backend counts: each event says how many tokens it stands for, so that none is counted again by its text. */
  #isCounted = false;
  #deltaLength = 0;
  #logprobs: LogprobQueue | undefined;
  #calls = 0;
  /** Of the last call, if its tool is custom. */
  #custom: CustomInput | undefined;
  #isFinished = false;

  constructor(choice: number, form: AnswerForm) {
    this.#choice = choice;
    this.#form = form;
    if (form.stop.length > 0) this.#matcher = createStopMatcher(form.stop);
    if (form.reasoning !== undefined) {
      this.#splitter = createReasoningSplitter(form.reasoning.marks, form.reasoning.startsInside);
    }
    this.#parser = form.toolCalls?.createParser();
  }

  /** True if the choice is finished now and was not before. */
  apply(event: ChoiceEvent, out: GenerationEvent[]): boolean {
    if (this.#isFinished) return false;
    if (event.type === "text-delta") this.#readDelta(event, out);
    else if (event.type === "finish") this.#finish(event, out);
    else out.push(event);
    return this.#isFinished;
  }

  #readDelta(event: TextDelta, out: GenerationEvent[]): void {
    this.#isCounted ||= event.tokens !== undefined;
    this.#deltaLength = event.text.length;
    if (event.logprobs !== undefined) this.#logprobs ??= new LogprobQueue();
    if (this.#logprobs !== undefined) {
      this.#tokens = event.tokens;
      this.#readUnits(toUnits(event.text, event.logprobs ?? []), this.#logprobs, out);
    } else {
      const matched = this.#matcher?.push(event.text);
      const text = matched === undefined ? event.text : matched.text;
      // Most of an answer is text that nothing is looked for in: the delta goes on as it is.
      if (text === event.text && matched?.stop === undefined && this.#passes(text)) {
        out.push(event);
        return;
      }
      this.#tokens = event.tokens;
      this.#readText(text, out);
      if (matched?.stop !== undefined) this.#stop(out);
    }
    this.#giveTokens(out);
  }

  #passes(text: string): boolean {
    if (this.#custom !== undefined || this.#splitter?.isText === false) return false;
    return this.#parser === undefined || this.#parser.passes?.(text) === true;
  }

  #readUnits(units: readonly LogprobUnit[], logprobs: LogprobQueue, out: GenerationEvent[]): void {
    for (const unit of units) {
      if (this.#isFinished) return;
      logprobs.add(unit);
      const matched = this.#matcher?.push(unit.text);
      this.#readText(matched === undefined ? unit.text : matched.text, out);
      if (matched?.stop !== undefined) this.#stop(out);
    }
  }

  #stop(out: GenerationEvent[]): void {
    this.#end({ type: "finish", choice: this.#choice, reason: "stop" }, out);
  }

  #readText(text: string, out: GenerationEvent[]): void {
    if (text === "") return;
    if (this.#splitter === undefined) return this.#readAnswer(text, out);
    this.#splitter.push(text, this.#parts);
    this.#giveParts(out);
  }

  #readAnswer(text: string, out: GenerationEvent[]): void {
    if (this.#parser === undefined) return this.#giveText(text, out);
    this.#parser.push(text, this.#pieces);
    this.#givePieces(out);
  }

  #finish(event: Extract<GenerationEvent, { type: "finish" }>, out: GenerationEvent[]): void {
    this.#readText(this.#matcher?.flush() ?? "", out);
    this.#end(event, out);
  }

  #end(event: Extract<GenerationEvent, { type: "finish" }>, out: GenerationEvent[]): void {
    this.#splitter?.end(this.#parts);
    this.#giveParts(out);
    this.#parser?.end(this.#pieces);
    this.#givePieces(out);
    this.#endCustom(out);
    this.#giveTokens(out);
    this.#isFinished = true;
    const reason: FinishReason = this.#calls > 0 && event.reason === "stop" ? "tool-calls" : event.reason;
    out.push(reason === event.reason ? event : { ...event, reason });
  }

  #giveParts(out: GenerationEvent[]): void {
    if (this.#parts.length === 0) return;
    for (const part of this.#parts) {
      if (part.type === "text") this.#readAnswer(part.text, out);
      else this.#giveReasoning(part.text, out);
    }
    this.#parts.length = 0;
  }

  #givePieces(out: GenerationEvent[]): void {
    for (const piece of this.#pieces) {
      switch (piece.type) {
        case "text":
          this.#giveText(piece.text, out);
          break;
        case "call":
          this.#beginCall(piece, out);
          break;
        case "arguments":
          this.#logprobs?.drop();
          this.#giveArguments(this.#custom === undefined ? piece.text : this.#custom.push(piece.text), out);
          break;
      }
    }
    this.#pieces.length = 0;
  }

  #giveText(text: string, out: GenerationEvent[]): void {
    this.#endCustom(out);
    const logprobs = this.#logprobs?.take(text);
    out.push({
      type: "text-delta",
      choice: this.#choice,
      text,
      ...this.#takeTokens(),
      ...(logprobs === undefined ? {} : { logprobs }),
    });
  }

  #giveReasoning(text: string, out: GenerationEvent[]): void {
    this.#logprobs?.take(text);
    out.push({ type: "reasoning-delta", choice: this.#choice, text, ...this.#takeShare(text) });
  }

  #beginCall({ name, id }: Extract<AnswerPiece, { type: "call" }>, out: GenerationEvent[]): void {
    this.#endCustom(out);
    this.#logprobs?.drop();
    const isCustom = this.#form.toolCalls?.custom.has(name) === true;
    this.#custom = isCustom ? new CustomInput() : undefined;
    out.push({
      type: "tool-call-start",
      choice: this.#choice,
      index: this.#calls++,
      id: id ?? this.#form.createId(),
      name,
      kind: isCustom ? "custom" : "function",
      ...(this.#isCounted ? { tokens: 0 } : {}),
    });
  }

  #giveArguments(text: string, out: GenerationEvent[]): void {
    if (text === "") return;
    out.push({
      type: "tool-call-delta",
      choice: this.#choice,
      index: this.#calls - 1,
      arguments: text,
      ...this.#takeTokens(),
    });
  }

  #endCustom(out: GenerationEvent[]): void {
    if (this.#custom === undefined) return;
    const rest = this.#custom.end();
    this.#custom = undefined;
    this.#giveArguments(rest, out);
  }

  #giveTokens(out: GenerationEvent[]): void {
    if (this.#isFinished || this.#tokens === undefined || this.#tokens === 0) return;
    out.push({ type: "text-delta", choice: this.#choice, text: "", ...this.#takeTokens() });
  }

  /** Of an answer that comes whole, the thought has as many tokens as its length tells. */
  #takeShare(text: string): { tokens?: number } {
    const tokens = this.#tokens ?? 0;
    const share = Math.round((tokens * text.length) / this.#deltaLength);
    if (tokens <= 1 || share >= tokens) return this.#takeTokens();
    this.#tokens = tokens - share;
    return { tokens: share };
  }

  #takeTokens(): { tokens?: number } {
    const tokens = this.#tokens ?? 0;
    this.#tokens = undefined;
    return this.#isCounted ? { tokens } : {};
  }
}
