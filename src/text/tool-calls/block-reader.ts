import type { JsonSchema } from "../../core/generation.ts";
import { createStopMatcher } from "../stop.ts";
import type { AnswerPiece } from "./format.ts";

/** A routine that reads text as it comes: it yields to wait for more. */
export type Reading<Result> = Generator<undefined, Result, undefined>;

/** What is known of the tools that may be called. */
export interface KnownTools {
  names: ReadonlySet<string>;
  /** JSON Schema of a tool's arguments, for forms whose values have no types of their own. */
  schemaOf?: ((name: string) => JsonSchema | undefined) | undefined;
}

/**
 * Reads one block of tool calls, character by character and never back. What was read since the last call or
 * arguments were given out is held, so that it can still become text; the most that is held is `maxHeld` characters,
 * after which the block reads as if the answer had ended.
 */
export class BlockReader {
  readonly tools: KnownTools;
  /** Calls given out so far, of all blocks. */
  calls = 0;
  #out: AnswerPiece[] = [];
  #chunk = "";
  #position = 0;
  /** Where in `#chunk` reading must stop for now. */
  #limit = 0;
  #held: string[] = [];
  #heldLength = 0;
  /** Where in `#chunk` the rest of what is held begins. */
  #heldFrom = 0;
  #isOver = false;
  /** Length of a literal that was begun and not completed. */
  #unmatched = 0;

  constructor(tools: KnownTools) {
    this.tools = tools;
  }

  /** Begins a block whose opening mark has been read. */
  start(mark: string): void {
    this.#chunk = "";
    this.#position = 0;
    this.#heldFrom = 0;
    this.#held = mark === "" ? [] : [mark];
    this.#heldLength = mark.length;
    this.#unmatched = 0;
  }

  /** More text has come, for a routine that has read all there was. */
  feed(text: string, out: AnswerPiece[]): void {
    const rest = this.#chunk.slice(this.#heldFrom);
    if (rest !== "") this.#held.push(rest);
    this.#heldLength += rest.length;
    this.#chunk = text;
    this.#position = 0;
    this.#heldFrom = 0;
    this.#out = out;
    this.#setLimit();
  }

  /** The answer ends where the text so far does. */
  finish(out: AnswerPiece[]): void {
    this.feed("", out);
    this.#isOver = true;
  }

  /** Text that was not read, after a routine has returned. */
  get rest(): string {
    return this.#chunk.slice(this.#position);
  }

  /** Text that was read and belongs to no call; `again` is its end, where a mark may begin after all. */
  takeHeld(): { text: string; again: string } {
    const text = this.#held.join("") + this.#chunk.slice(this.#heldFrom, this.#position);
    const end = text.length - this.#unmatched;
    return { text: text.slice(0, end), again: text.slice(end) };
  }

  /** The next character, not yet read; "" at the end of the answer. */
  *peek(): Reading<string> {
    if (this.#position >= this.#limit && !(yield* this.#more())) return "";
    return this.#chunk.charAt(this.#position);
  }

  /** The next character that is not one of `characters`, as `peek`. */
  *skip(characters: string): Reading<string> {
    for (;;) {
      while (this.#position < this.#limit && characters.includes(this.#chunk.charAt(this.#position))) {
        this.#position++;
      }
      if (this.#position < this.#limit) return this.#chunk.charAt(this.#position);
      if (!(yield* this.#more())) return "";
    }
  }

  /** The next character that is not JSON's white space, as `peek`. */
  afterSpace(): Reading<string> {
    return this.skip(" \n\r\t");
  }

  /** Reads the character that `peek` gave. */
  advance(): void {
    this.#position++;
  }

  /** Reads the first of `options` to be complete; undefined if none is next. None may begin with another. */
  *literal(...options: readonly string[]): Reading<string | undefined> {
    let read = "";
    let open = options;
    for (;;) {
      const character = yield* this.peek();
      const next = read + character;
      open = open.filter((option) => option.startsWith(next));
      if (character === "" || open.length === 0) {
        this.#unmatched = read.length;
        return undefined;
      }
      this.#position++;
      read = next;
      if (open.includes(read)) return read;
    }
  }

  /** Reads what `run`, a sticky pattern for single characters, matches; undefined if more than `maxLength`. */
  *take(run: RegExp, maxLength: number): Reading<string | undefined> {
    let taken = "";
    for (;;) {
      run.lastIndex = this.#position;
      run.test(this.#chunk);
      const end = Math.min(Math.max(run.lastIndex, this.#position), this.#limit);
      const room = this.#position + maxLength - taken.length;
      taken += this.#chunk.slice(this.#position, Math.min(end, room));
      this.#position = Math.min(end, room);
      if (end > room) return undefined;
      if (this.#position < this.#limit || !(yield* this.#more())) return taken;
    }
  }

  /** The text before `mark`, which is read as well; undefined if the answer ends without. */
  *until(mark: string): Reading<string | undefined> {
    const matcher = createStopMatcher([mark]);
    let text = "";
    let read = 0;
    for (;;) {
      const piece = this.#chunk.slice(this.#position, this.#limit);
      const matched = matcher.push(piece);
      text += matched.text;
      if (matched.stop !== undefined) {
        this.#position += text.length + mark.length - read;
        return text;
      }
      read += piece.length;
      this.#position = this.#limit;
      if (!(yield* this.#more())) return undefined;
    }
  }

  /**
   * Lets `scan` read on: it gets a text, where to begin and where to end, and gives where it stopped, before the end
   * only if it is done. `sink` gets what was read, in pieces. False if the answer ended first.
   */
  *scan(
    scan: (text: string, from: number, to: number) => { end: number; isDone: boolean },
    sink?: (text: string) => void,
  ): Reading<boolean> {
    for (;;) {
      const from = this.#position;
      const { end, isDone } = scan(this.#chunk, from, this.#limit);
      this.#position = end;
      if (end > from) sink?.(this.#chunk.slice(from, end));
      if (isDone) return true;
      if (this.#position >= this.#limit && !(yield* this.#more())) return false;
    }
  }

  /** Gives out a call. What was held until now is part of it. */
  begin(name: string, id?: string): void {
    this.calls++;
    this.#out.push({ type: "call", name, ...(id === undefined ? {} : { id }) });
    this.#release();
  }

  /** Gives out more of the arguments of the call. */
  give(text: string): void {
    if (text !== "") this.#out.push({ type: "arguments", text });
    this.#release();
  }

  /** Waits until something can be read; false if nothing ever can. */
  *#more(): Reading<boolean> {
    while (this.#position >= this.#limit) {
      if (this.#isOver || this.#limit < this.#chunk.length) return false;
      yield undefined;
    }
    return true;
  }

  #release(): void {
    this.#held = [];
    this.#heldLength = 0;
    this.#heldFrom = this.#position;
    this.#setLimit();
  }

  #setLimit(): void {
    this.#limit = Math.min(this.#chunk.length, this.#heldFrom + maxHeld - this.#heldLength);
  }
}

const maxHeld = 1_048_576;
