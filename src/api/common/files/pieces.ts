/** Bytes of a file that are kept as one text: little enough to be handled within a turn of the event loop. */
export const pieceBytes = 131_072;

/** Pieces of a file as they are kept, and the bytes behind the last of them. */
export interface Cut {
  pieces: readonly string[];
  rest: Uint8Array;
}

/** Cuts as many whole pieces from `bytes` as there are. */
export function cutPieces(bytes: Uint8Array): Cut {
  const pieces: string[] = [];
  let start = 0;
  while (bytes.length - start >= pieceBytes) {
    const end = wholeCharacters(bytes, start, start + pieceBytes);
    pieces.push(toPiece(bytes.subarray(start, end)));
    start = end;
  }
  return { pieces, rest: bytes.subarray(start) };
}

/** All of `bytes` as pieces. */
export function toPieces(bytes: Uint8Array): string[] {
  const { pieces, rest } = cutPieces(bytes);
  return rest.length === 0 ? [...pieces] : [...pieces, toPiece(rest)];
}

const textMark = "t";
const base64Mark = "b";

const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** Text as it is, anything else as base64; the first letter says which. No store has to keep a NUL. */
function toPiece(bytes: Uint8Array): string {
  const text = bytes.includes(0) ? undefined : decode(bytes);
  return text === undefined ? base64Mark + Buffer.from(bytes).toString("base64") : textMark + text;
}

function decode(bytes: Uint8Array): string | undefined {
  try {
    return decoder.decode(bytes);
  } catch {
    return undefined;
  }
}

/** The bytes that a piece is of. */
export function ofPiece(piece: string): Uint8Array {
  return Buffer.from(piece.slice(1), piece.startsWith(base64Mark) ? "base64" : "utf-8");
}

const longestCharacter = 4;

/** The last place up to `end` where no character of UTF-8 is torn apart; `end`, where there is none near. */
function wholeCharacters(bytes: Uint8Array, start: number, end: number): number {
  for (let place = end; place > Math.max(start, end - longestCharacter); place--) {
    if (!isContinuation(bytes[place])) return place;
  }
  return end;
}

function isContinuation(byte: number | undefined): boolean {
  return byte !== undefined && (byte & 0xc0) === 0x80;
}
