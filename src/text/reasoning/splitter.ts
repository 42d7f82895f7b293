import { createStopMatcher, type StopMatcher } from "../stop.ts";
import type { ReasoningMarks } from "./format.ts";

/** Part of an answer: what the model says or what it thinks. */
export interface AnswerPart {
  type: "text" | "reasoning";
  text: string;
}

/**
 * Tells reasoning from text in an answer that comes in pieces. However it is split, the parts put together are the
 * same. Time is linear in the text.
 */
export interface ReasoningSplitter {
  /** All that follows is text. */
  readonly isText: boolean;
  push(text: string, out: AnswerPart[]): void;
  /** The answer is over: gives out what was held back. */
  end(out: AnswerPart[]): void;
}

/**
 * Reasoning opens at the very beginning of an answer only, white space aside, or before it (`startsInside`, where
 * the prompt ends with the opening mark). The marks vanish, and with each the line break on either side of it, and
 * the empty lines before the answer. Closing marks that follow the first one vanish too. The arrays of `marks` must not change.
 */
export function createReasoningSplitter(marks: ReasoningMarks, startsInside: boolean): ReasoningSplitter {
  return new Splitter(marks, startsInside);
}

class Splitter implements ReasoningSplitter {
  readonly #marks: ReasoningMarks;
  readonly #startsInside: boolean;
  #state: "beginning" | "reasoning" | "closed" | "text" = "beginning";
  /** White space behind the beginning or a closing mark, and what may be a mark behind it. */
  #space: string[] = [];
  #spaceLength = 0;
  #candidate = "";
  /** Of reasoning. */
  readonly #matcher: StopMatcher;
  /** Length of what the matcher holds back. */
  #matching = 0;
  #isOpened = false;

  constructor(marks: ReasoningMarks, startsInside: boolean) {
    this.#marks = marks;
    this.#startsInside = startsInside;
    this.#matcher = createStopMatcher(endsOf(marks));
  }

  get isText(): boolean {
    return this.#state === "text";
  }

  push(text: string, out: AnswerPart[]): void {
    for (let rest = text; rest !== "";) {
      if (this.#state === "text") {
        out.push({ type: "text", text: rest });
        return;
      }
      rest = this.#state === "reasoning" ? this.#readReasoning(rest, out) : this.#readMark(rest);
    }
  }

  end(out: AnswerPart[]): void {
    if (this.#state === "beginning" || this.#state === "closed") this.push(this.#giveUp(), out);
    if (this.#state === "reasoning") give(this.#matcher.flush(), out);
  }

  /** Reads white space and a mark behind it. Gives what is to be read on. */
  #readMark(text: string): string {
    const isBeginning = this.#state === "beginning";
    const marks = isBeginning ? this.#marks.open : this.#marks.close;
    const rest = this.#candidate === "" ? text.trimStart() : text;
    this.#space.push(text.slice(0, text.length - rest.length));
    this.#spaceLength += text.length - rest.length;
    if (this.#spaceLength > maxSpace) return this.#giveUp() + rest;
    for (let index = 0; index < rest.length; index++) {
      const candidate = this.#candidate + rest.charAt(index);
      if (!marks.some((mark) => mark.startsWith(candidate))) return this.#giveUp() + rest.slice(index);
      this.#candidate = candidate;
      if (!marks.includes(candidate)) continue;
      this.#forget();
      if (isBeginning) this.#state = "reasoning";
      return rest.slice(index + 1);
    }
    return "";
  }

  /** No mark follows. Gives what was held back for it. */
  #giveUp(): string {
    const space = this.#space.join("");
    const kept = this.#state === "closed" ? space.slice(space.lastIndexOf("\n", maxSpace) + 1) : space;
    const held = kept + this.#candidate;
    this.#forget();
    this.#state = this.#state === "beginning" && this.#startsInside ? "reasoning" : "text";
    return held;
  }

  #forget(): void {
    this.#space = [];
    this.#spaceLength = 0;
    this.#candidate = "";
  }

  #readReasoning(text: string, out: AnswerPart[]): string {
    const isFirst = !this.#isOpened;
    this.#isOpened = true;
    if (isFirst && text.startsWith("\n")) return text.slice(1);
    const matched = this.#matcher.push(text);
    give(matched.text, out);
    if (matched.stop === undefined) {
      this.#matching += text.length - matched.text.length;
      return "";
    }
    this.#state = "closed";
    return text.slice(matched.text.length + matched.stop.length - this.#matching);
  }
}

const maxSpace = 4_096;

function give(text: string, out: AnswerPart[]): void {
  if (text !== "") out.push({ type: "reasoning", text });
}

const ends = new WeakMap<ReasoningMarks, readonly string[]>();

/** What ends reasoning, always in the same array: matchers share what they derive from it. */
function endsOf(marks: ReasoningMarks): readonly string[] {
  let all = ends.get(marks);
  if (all === undefined) {
    all = marks.close.flatMap((mark) => [mark, `\n${mark}`]);
    ends.set(marks, all);
  }
  return all;
}
