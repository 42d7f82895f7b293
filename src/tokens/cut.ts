/** Longest unbroken run that is encoded as one. Three divides it, so cut digits keep their groups of three. */
const longestRun = 255;

/** A piece of this many code units ends at the next place where no token can reach across. */
const pieceLength = 16_384;

/**
 * Cuts `text` into pieces that a tokenizer encodes in about linear time. Its own time grows with the square of a
 * run of one kind of character (letters, digits, spaces, anything else), so longer runs than 255 are cut, which
 * can add a token at each cut. Every other cut is where all encodings end a token anyway. A surrogate pair is
 * never cut.
 */
export function* cutText(text: string): Generator<string> {
  let start = 0;
  let runStart = 0;
  let runKind: Kind = kinds.joining;
  let previous: Kind = kinds.joining;
  let index = 0;
  while (index < text.length) {
    const unit = text.charCodeAt(index);
    const kind = unit < 128 ? (asciiKinds[unit] ?? kinds.other) : kindOf(text, index);
    if (kind !== runKind && kind !== kinds.joining) {
      if (index - start >= pieceLength && endsToken(previous, kind, unit)) {
        yield text.slice(start, index);
        start = index;
      }
      runStart = index;
      runKind = kind;
    } else if (index - runStart >= longestRun) {
      yield text.slice(start, index);
      start = index;
      runStart = index;
    }
    previous = kind;
    index += isPair(text, index) ? 2 : 1;
  }
  if (start < text.length) yield text.slice(start);
}

const kinds = { joining: 0, letter: 1, digit: 2, space: 3, other: 4 } as const;
type Kind = (typeof kinds)[keyof typeof kinds];

/** Whether all encodings end a token between characters of these two kinds, of which the second is `unit`. */
function endsToken(previous: Kind, kind: Kind, unit: number): boolean {
  // Some take `'s` as part of the word before it, and a line's end as part of the punctuation before it.
  if (previous === kinds.letter) return unit !== 0x27;
  if (previous === kinds.other) return kind === kinds.space && unit !== 0x0a && unit !== 0x0d;
  return previous === kinds.digit;
}

const asciiKinds: readonly Kind[] = Array.from({ length: 128 }, (_, unit) =>
  kindOfCharacter(String.fromCharCode(unit)),
);

function kindOf(text: string, index: number): Kind {
  return kindOfCharacter(String.fromCodePoint(text.codePointAt(index) ?? 0));
}

function kindOfCharacter(character: string): Kind {
  // Encodings differ in whether a mark belongs to the word before it: it never ends a run.
  if (/\p{M}/u.test(character)) return kinds.joining;
  if (/\p{L}/u.test(character)) return kinds.letter;
  if (/\p{N}/u.test(character)) return kinds.digit;
  return /\s/u.test(character) ? kinds.space : kinds.other;
}

function isPair(text: string, index: number): boolean {
  return (text.charCodeAt(index) & 0xfc00) === 0xd800 && (text.charCodeAt(index + 1) & 0xfc00) === 0xdc00;
}
