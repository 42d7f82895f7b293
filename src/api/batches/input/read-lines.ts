/** A line of a file that is not blank. */
export interface InputLine {
  /** Counted from 0, without the blank ones. */
  index: number;
  /** Counted from 1, with them. */
  line: number;
  /** Without the line break; undefined if it is longer than the limit. */
  bytes: Uint8Array | undefined;
}

const lineFeed = 0x0a;
const byteOrderMark = [0xef, 0xbb, 0xbf] as const;

/** The lines of a file that comes in parts; no more of it is kept than one line of up to `maxBytes`. */
export async function* readLines(
  parts: AsyncIterable<Uint8Array>,
  maxBytes: number,
): AsyncGenerator<InputLine> {
  const open = new OpenLine(maxBytes);
  let line = 0;
  let index = 0;
  const close = (): InputLine | undefined => {
    line++;
    const closed = open.close();
    if (closed.isBlank) return undefined;
    return { index: index++, line, bytes: line === 1 ? withoutMark(closed.bytes) : closed.bytes };
  };
  for await (const part of parts) {
    let start = 0;
    for (;;) {
      // A file may be nothing but line breaks: each of them costs next to nothing.
      if (open.isEmpty) for (; part[start] === lineFeed; start++) line++;
      const end = part.indexOf(lineFeed, start);
      if (end === -1) break;
      open.add(part.subarray(start, end));
      start = end + 1;
      const closed = close();
      if (closed !== undefined) yield closed;
    }
    open.add(part.subarray(start));
  }
  const last = close();
  if (last !== undefined) yield last;
}

/** A line of which the end has not come. */
class OpenLine {
  readonly #maxBytes: number;
  #parts: Uint8Array[] = [];
  #size = 0;
  #isBlank = true;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  get isEmpty(): boolean {
    return this.#size === 0;
  }

  add(part: Uint8Array): void {
    this.#size += part.length;
    this.#isBlank &&= part.every(isSpace);
    if (this.#size > this.#maxBytes) this.#parts = [];
    else this.#parts.push(part);
  }

  close(): { isBlank: boolean; bytes: Uint8Array | undefined } {
    const isBlank = this.#isBlank;
    const isNeeded = !isBlank && this.#size <= this.#maxBytes;
    const closed = { isBlank, bytes: isNeeded ? Buffer.concat(this.#parts) : undefined };
    this.#parts = [];
    this.#size = 0;
    this.#isBlank = true;
    return closed;
  }
}

/** What JSON allows around a value. */
function isSpace(byte: number): boolean {
  return byte === 0x20 || byte === 0x09 || byte === 0x0d;
}

function withoutMark(bytes: Uint8Array | undefined): Uint8Array | undefined {
  const hasMark = bytes !== undefined && byteOrderMark.every((byte, place) => bytes[place] === byte);
  return hasMark ? bytes.subarray(byteOrderMark.length) : bytes;
}
