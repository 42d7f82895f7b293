import { createStopMatcher, type StopMatcher } from "../stop.ts";
import { BlockReader, type KnownTools, type Reading } from "./block-reader.ts";
import type { AnswerPiece, ToolCallParser } from "./format.ts";

/** Where calls stand in an answer, and how they are read there. The arrays must not change. */
export interface CallGrammar {
  /** Marks with which a block of calls opens. */
  open: readonly string[];
  /** Marks that vanish behind a call, alone or in a row. */
  close: readonly string[];
  /** Characters with which a block may begin without a mark, at the beginning of the answer. */
  bare?: string;
  /** Texts after which a block may begin as at the beginning; they themselves are text. */
  anchors?: readonly string[];
  /**
   * Reads a block after its opening mark, or at its first character (`open` is "" then). False where it stops being
   * one: what was read since the last call is text then.
   */
  read(reader: BlockReader, open: string): Reading<boolean>;
}

/** A parser for answers in which calls stand as `grammar` says. */
export function createCallParser(grammar: CallGrammar, tools: KnownTools): ToolCallParser {
  return new CallParser(grammar, tools);
}

class CallParser implements ToolCallParser {
  readonly #grammar: CallGrammar;
  readonly #marks: Marks;
  readonly #reader: BlockReader;
  #matcher: StopMatcher;
  /** Length of the text that the matcher holds back. */
  #matching = 0;
  #block: Reading<boolean> | undefined;
  #mark = "";
  /** Calls that were given out before the block. */
  #calls = 0;
  /** Only white space since the beginning, an anchor or a call; `#space` is that. */
  #isAtEdge = true;
  #space: string[] = [];
  #spaceLength = 0;
  #mayBeBare: boolean;

  constructor(grammar: CallGrammar, tools: KnownTools) {
    this.#grammar = grammar;
    this.#marks = marksOf(grammar);
    this.#reader = new BlockReader(tools);
    this.#matcher = createStopMatcher(this.#marks.all);
    this.#mayBeBare = grammar.bare !== undefined;
  }

  passes(text: string): boolean {
    if (this.#block !== undefined || this.#isAtEdge || this.#matching > 0) return false;
    const { first } = this.#marks;
    for (let index = 0; index < text.length; index++) {
      const unit = text.charCodeAt(index);
      // Half a character waits for its other half.
      if (first[unit & 0xff] === 1 || (unit & 0xfc00) === 0xd800) return false;
    }
    return text !== "";
  }

  push(text: string, out: AnswerPiece[]): void {
    for (let rest = text; rest !== "";) {
      if (this.#block !== undefined) rest = this.#readBlock(this.#block, rest, out);
      else if (this.#mayBeBare) rest = this.#readEdge(rest, out);
      else rest = this.#readText(rest, out);
    }
  }

  end(out: AnswerPiece[]): void {
    while (this.#block !== undefined) {
      this.#reader.finish(out);
      this.#closeBlock(this.#block.next().value === true, out);
    }
    this.#text(this.#matcher.flush(), out);
    // White space behind the last call is no text.
    if (this.#calls === 0) this.#giveSpace(out);
  }

  /** Reads text outside of blocks, up to the next mark. Gives what follows. */
  #readText(text: string, out: AnswerPiece[]): string {
    const { text: shown, stop } = this.#matcher.push(text);
    this.#text(shown, out);
    if (stop === undefined) {
      this.#matching += text.length - shown.length;
      return "";
    }
    const rest = text.slice(shown.length + stop.length - this.#matching);
    this.#matching = 0;
    this.#matcher = createStopMatcher(this.#marks.all);
    this.#meet(stop, out);
    return rest;
  }

  #meet(mark: string, out: AnswerPiece[]): void {
    if (this.#isAtEdge && this.#calls > 0 && this.#grammar.close.includes(mark)) {
      this.#dropSpace();
    } else if (this.#grammar.open.includes(mark)) {
      this.#openBlock(mark);
    } else {
      this.#text(mark, out);
      if (this.#grammar.anchors?.includes(mark) !== true) return;
      this.#isAtEdge = true;
      this.#mayBeBare = true;
    }
  }

  /** Reads white space, and opens a block if what follows can be one. */
  #readEdge(text: string, out: AnswerPiece[]): string {
    const rest = text.trimStart();
    this.#text(text.slice(0, text.length - rest.length), out);
    if (rest === "") return "";
    this.#mayBeBare = false;
    if (this.#grammar.bare?.includes(rest.charAt(0)) === true) this.#openBlock("");
    return rest;
  }

  #openBlock(mark: string): void {
    this.#mark = mark;
    this.#reader.start(mark);
    this.#block = this.#grammar.read(this.#reader, mark);
  }

  #readBlock(block: Reading<boolean>, text: string, out: AnswerPiece[]): string {
    this.#reader.feed(text, out);
    const step = block.next();
    if (this.#reader.calls > this.#calls) this.#afterCall();
    if (step.done !== true) return "";
    const { rest } = this.#reader;
    this.#closeBlock(step.value, out);
    return rest;
  }

  #closeBlock(isBlock: boolean, out: AnswerPiece[]): void {
    this.#block = undefined;
    if (this.#reader.calls > this.#calls) this.#afterCall();
    if (isBlock) return;
    const { text, again } = this.#reader.takeHeld();
    // A block without a mark may have begun as a mark does.
    if (this.#mark === "" && text.length < maxMark) this.push(text, out);
    else this.#text(text, out);
    // Read before what follows and not put in front of it: a long text would be copied for each block.
    this.push(again, out);
  }

  #afterCall(): void {
    this.#calls = this.#reader.calls;
    this.#isAtEdge = true;
    this.#dropSpace();
  }

  #text(text: string, out: AnswerPiece[]): void {
    if (text === "") return;
    if (this.#isAtEdge) {
      if (text.trimStart() === "" && this.#spaceLength + text.length <= maxSpace) {
        this.#space.push(text);
        this.#spaceLength += text.length;
        return;
      }
      this.#giveSpace(out);
      this.#isAtEdge = false;
    }
    out.push({ type: "text", text });
  }

  #giveSpace(out: AnswerPiece[]): void {
    const text = this.#space.join("");
    if (text !== "") out.push({ type: "text", text });
    this.#dropSpace();
  }

  #dropSpace(): void {
    this.#space = [];
    this.#spaceLength = 0;
  }
}

const maxMark = 64;
const maxSpace = 65_536;

interface Marks {
  /** Always the same array: matchers share what they derive from it. */
  all: readonly string[];
  /** 1 where a mark may begin with a code unit of this low byte. */
  first: Uint8Array;
}

const known = new WeakMap<CallGrammar, Marks>();

function marksOf(grammar: CallGrammar): Marks {
  let marks = known.get(grammar);
  if (marks === undefined) {
    const all = [...new Set([...grammar.open, ...grammar.close, ...(grammar.anchors ?? [])])];
    const first = new Uint8Array(256);
    for (const mark of all) first[mark.charCodeAt(0) & 0xff] = 1;
    marks = { all, first };
    known.set(grammar, marks);
  }
  return marks;
}
