/** Decodes one JSON string, without its opening quote, from text that comes in pieces. */
export class JsonStringDecoder {
  /** The closing quote was read. */
  isComplete = false;
  #decoded = "";
  /** An escape as far as it has come, with its backslash. */
  #escape = "";

  /** Reads on in `text`. Gives where it stopped: at `to` or behind the closing quote. */
  scan(text: string, from: number, to: number): { end: number; isDone: boolean } {
    let index = from;
    while (index < to && !this.isComplete) {
      if (this.#escape !== "") {
        this.#escape += text.charAt(index++);
        this.#decodeEscape();
        continue;
      }
      plain.lastIndex = index;
      plain.test(text);
      const end = Math.min(Math.max(plain.lastIndex, index), to);
      this.#decoded += text.slice(index, end);
      index = end;
      if (index === to) break;
      if (text.charCodeAt(index++) === 0x22) this.isComplete = true;
      else this.#escape = "\\";
    }
    return { end: index, isDone: this.isComplete };
  }

  /** What was decoded since the last time, up to a character's end unless the string is complete. */
  take(): string {
    const last = this.#decoded.charCodeAt(this.#decoded.length - 1);
    const end = this.#decoded.length - (!this.isComplete && (last & 0xfc00) === 0xd800 ? 1 : 0);
    const taken = this.#decoded.slice(0, end);
    this.#decoded = this.#decoded.slice(end);
    return taken;
  }

  #decodeEscape(): void {
    const letter = this.#escape.charAt(1);
    if (letter === "u" && this.#escape.length < 6) return;
    const code = letter === "u" && /^[0-9a-f]{4}$/i.test(this.#escape.slice(2));
    // What is no escape in JSON stays as it is written.
    this.#decoded += code
      ? String.fromCharCode(Number.parseInt(this.#escape.slice(2), 16))
      : (escapes[letter] ?? this.#escape);
    this.#escape = "";
  }
}

const plain = /[^"\\]+/y;

const escapes: Readonly<Record<string, string>> = {
  '"': '"',
  "\\": "\\",
  "/": "/",
  b: "\b",
  f: "\f",
  n: "\n",
  r: "\r",
  t: "\t",
};
