const quote = 0x22;
const backslash = 0x5c;
const openBrackets: ReadonlySet<number> = new Set([0x5b, 0x7b]);
const closeBrackets: ReadonlySet<number> = new Set([0x5d, 0x7d]);

/** Where the text of one JSON object ends that comes in pieces. Each is looked at once, and none is kept. */
export class ObjectText {
  #depth = 0;
  #isInString = false;
  #isEscaped = false;
  #isComplete = false;
  #isEmpty = true;

  /** Whether nothing has come yet. */
  get isEmpty(): boolean {
    return this.#isEmpty;
  }

  /** Whether its last bracket is closed, and nothing but white space has come since; what is within is not judged. */
  get isComplete(): boolean {
    return this.#isComplete;
  }

  add(piece: string): void {
    if (piece === "") return;
    this.#isEmpty = false;
    if (this.#isComplete && piece.trim() !== "") this.#isComplete = false;
    for (let index = 0; index < piece.length; index++) this.#take(piece.charCodeAt(index));
  }

  #take(code: number): void {
    if (this.#isInString) {
      if (this.#isEscaped) this.#isEscaped = false;
      else if (code === backslash) this.#isEscaped = true;
      else if (code === quote) this.#isInString = false;
    } else if (code === quote) {
      this.#isInString = true;
    } else if (openBrackets.has(code)) {
      this.#depth++;
    } else if (closeBrackets.has(code)) {
      this.#depth--;
      this.#isComplete = this.#depth === 0;
    }
  }
}
