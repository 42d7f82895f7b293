export interface SyntaxMistake {
  /** Both from 1; in UTF-16 units. */
  line: number;
  column: number;
  /** What would be right there. */
  expected: string;
}

/** The first thing that keeps `text` from being JSON (RFC 8259); undefined if nothing does. Linear, and never deep. */
export function findSyntaxMistake(text: string): SyntaxMistake | undefined {
  const scan = new Scan(text);
  const expected = scan.whole();
  return expected === undefined ? undefined : { ...placeIn(text, scan.at), expected };
}

const space = /[ \t\n\r]*/y;
/** Everything but quotes, backslashes and the control characters before the space. */
const plainText = /[ !#-[\]-\uffff]+/y;
const escape = /\\(?:["\\/bfnrt]|u[0-9A-Fa-f]{4})/y;
const scalar = /(?:-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null)(?![\w.+-])/y;

/** Each method moves on, or gives what it misses at the place where it stands. */
class Scan {
  readonly #text: string;
  at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  whole(): string | undefined {
    const open: ("]" | "}")[] = [];
    for (;;) {
      const wrong = this.#start(open);
      if (wrong === "opened") continue;
      if (wrong !== undefined) return wrong;
      const after = this.#afterValue(open);
      if (after === "next") continue;
      return after;
    }
  }

  /** A value, or the beginning of one that has others. */
  #start(open: ("]" | "}")[]): string | undefined {
    this.#skip(space);
    if (this.#takes("[")) {
      this.#skip(space);
      if (this.#takes("]")) return undefined;
      open.push("]");
      return "opened";
    }
    if (this.#takes("{")) {
      this.#skip(space);
      if (this.#takes("}")) return undefined;
      open.push("}");
      return this.#key("a property name in double quotes, or }") ?? "opened";
    }
    if (this.#takes('"')) return this.#string();
    return this.#skip(scalar) ? undefined : "a value";
  }

  #afterValue(open: ("]" | "}")[]): string | undefined {
    for (;;) {
      this.#skip(space);
      const closing = open.at(-1);
      if (closing === undefined) return this.at === this.#text.length ? undefined : "the end";
      if (this.#takes(",")) {
        return (closing === "}" ? this.#key("a property name in double quotes") : undefined) ?? "next";
      }
      if (!this.#takes(closing)) return `, or ${closing}`;
      open.pop();
    }
  }

  #key(expected: string): string | undefined {
    this.#skip(space);
    if (!this.#takes('"')) return expected;
    const wrong = this.#string();
    if (wrong !== undefined) return wrong;
    this.#skip(space);
    return this.#takes(":") ? undefined : ":";
  }

  #string(): string | undefined {
    while (this.#skip(plainText) || this.#skip(escape));
    if (this.#takes('"')) return undefined;
    if (this.#text[this.at] === "\\") return "a valid escape, such as \\n or \\u0041";
    return this.at < this.#text.length ? "an escape instead of a control character" : 'the closing "';
  }

  #takes(character: string): boolean {
    if (this.#text[this.at] !== character) return false;
    this.at++;
    return true;
  }

  #skip(pattern: RegExp): boolean {
    pattern.lastIndex = this.at;
    if (!pattern.test(this.#text)) return false;
    this.at = pattern.lastIndex;
    return true;
  }
}

function placeIn(text: string, at: number): { line: number; column: number } {
  const before = text.slice(0, at).split(/\r\n|\n|\r/);
  return { line: before.length, column: (before.at(-1)?.length ?? 0) + 1 };
}
