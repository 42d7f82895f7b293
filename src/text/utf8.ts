export interface Utf8Decoder {
  /** The characters that `bytes` complete; an unfinished one at the end waits for the next call. */
  write(bytes: Uint8Array): string;
  /** Whether bytes have come that are not UTF-8. They are read as U+FFFD. */
  readonly sawInvalid: boolean;
}

/**
 * Decodes UTF-8 that comes in pieces cut anywhere, such as a model's tokens. Whatever the cuts, the text is that
 * of the WHATWG decoder (https://encoding.spec.whatwg.org/#utf-8-decoder) without its last, unfinished
 * character, which is dropped when nothing more comes. A byte order mark is kept.
 */
export function createUtf8Decoder(): Utf8Decoder {
  let pending: Uint8Array | undefined;
  let sawInvalid = false;

  function decode(bytes: Uint8Array): string {
    const complete = bytes.length - unfinishedLength(bytes);
    pending = complete === bytes.length ? undefined : bytes.slice(complete);
    if (complete === 0) return "";
    const whole = pending === undefined ? bytes : bytes.subarray(0, complete);
    try {
      return strict.decode(whole);
    } catch {
      sawInvalid = true;
      return lenient.decode(whole);
    }
  }

  return {
    write(bytes) {
      if (pending === undefined) return decode(bytes);
      const joined = new Uint8Array(pending.length + bytes.length);
      joined.set(pending);
      joined.set(bytes, pending.length);
      return decode(joined);
    },
    get sawInvalid() {
      return sawInvalid;
    },
  };
}

const strict = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
const lenient = new TextDecoder("utf-8", { ignoreBOM: true });

/** How many bytes at the end are the beginning of a character that more bytes could complete: 0 to 3. */
function unfinishedLength(bytes: Uint8Array): number {
  const longest = Math.min(3, bytes.length);
  for (let length = 1; length <= longest; length++) {
    const lead = bytes[bytes.length - length] ?? 0;
    if (lead < 0x80) return 0;
    if (lead >= 0xc0) return isPrefix(bytes.subarray(bytes.length - length)) ? length : 0;
  }
  return 0;
}

/** Whether valid UTF-8 can begin with these bytes, a lead byte and continuation bytes, and is not complete yet. */
function isPrefix(bytes: Uint8Array): boolean {
  const [lead = 0, second] = bytes;
  if (bytes.length >= sequenceLength(lead)) return false;
  if (second === undefined) return true;
  const [low, high] = secondByteRange(lead);
  return second >= low && second <= high;
}

function sequenceLength(lead: number): number {
  if (lead < 0xc2 || lead > 0xf4) return 1;
  if (lead < 0xe0) return 2;
  return lead < 0xf0 ? 3 : 4;
}

function secondByteRange(lead: number): readonly [number, number] {
  return secondByteRanges.get(lead) ?? [0x80, 0xbf];
}

// Overlong forms, surrogates and what lies past U+10FFFF are cut off at the second byte.
const secondByteRanges = new Map<number, readonly [number, number]>([
  [0xe0, [0xa0, 0xbf]],
  [0xed, [0x80, 0x9f]],
  [0xf0, [0x90, 0xbf]],
  [0xf4, [0x80, 0x8f]],
]);
