/**
 * Finds the end of one JSON value in text that comes in pieces. Knows strings, escapes and brackets, which is what
 * tells the end; a value that is wrong in another way goes through as it is written.
 */
export class JsonScanner {
  /** The value ended. */
  isComplete = false;
  /** A character that cannot stand there in any JSON, or nesting deeper than `maxDepth`. */
  isBroken = false;
  readonly #closers: number[] = [];
  #isString = false;
  #isEscaped = false;
  #isWord = false;

  /** Reads on in `text`. Gives where it stopped: at `to`, behind the value, or at what breaks it. */
  scan(text: string, from: number, to: number): { end: number; isDone: boolean } {
    let index = from;
    while (index < to && !this.isComplete && !this.isBroken) {
      const unit = text.charCodeAt(index);
      if (this.#isString) this.#inString(unit);
      else if (!this.#outside(unit)) break;
      index++;
    }
    return { end: index, isDone: this.isComplete || this.isBroken };
  }

  /** The text is over. */
  finish(): void {
    if (this.#isWord && this.#closers.length === 0) this.isComplete = true;
  }

  #inString(unit: number): void {
    if (this.#isEscaped) this.#isEscaped = false;
    else if (unit === 0x5c) this.#isEscaped = true;
    else if (unit === 0x22) {
      this.#isString = false;
      this.isComplete = this.#closers.length === 0;
    }
  }

  /** False if `unit` is not part of the value. */
  #outside(unit: number): boolean {
    const kind = kinds[unit] ?? other;
    // A number or a word that is the whole value ends before what follows it.
    if (this.#closers.length === 0 && this.#isWord && kind !== word) {
      this.isComplete = true;
      return false;
    }
    switch (kind) {
      case word:
        this.#isWord = true;
        return true;
      case between:
        if (this.#closers.length > 0) return true;
        break;
      case quote:
        this.#isString = true;
        return true;
      case opener:
        if (this.#closers.length === maxDepth) break;
        // The closing bracket stands two places behind the opening one in ASCII, for both kinds.
        this.#closers.push(unit + 2);
        return true;
      case closer:
        if (this.#closers.at(-1) !== unit) break;
        this.#closers.pop();
        this.isComplete = this.#closers.length === 0;
        return true;
      default:
    }
    this.isBroken = true;
    return false;
  }
}

const maxDepth = 128;

const other = 0;
const word = 1;
const between = 2;
const quote = 3;
const opener = 4;
const closer = 5;

/** What each ASCII character is outside of strings. */
const kinds = new Uint8Array(128);
for (const [characters, kind] of [
  ["0123456789+-.ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz", word],
  [" \n\r\t,:", between],
  ['"', quote],
  ["[{", opener],
  ["]}", closer],
] as const) {
  for (const character of characters) kinds[character.charCodeAt(0)] = kind;
}
