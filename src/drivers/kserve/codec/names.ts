const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

const maxKeptLength = 32;
const slots = 128;

interface Kept {
  bytes: Uint8Array;
  text: string;
}

// Every message of a stream repeats the same few names: comparing bytes is several times cheaper than decoding.
const kept: (Kept | undefined)[] = Array.from({ length: slots });

/** Strict UTF-8 of `length` bytes from `start`, which must lie within `bytes`. Throws `TypeError`. */
export function decodeName(bytes: Uint8Array, start: number, length: number): string {
  if (length === 0) return "";
  if (length > maxKeptLength) return decoder.decode(bytes.subarray(start, start + length));
  const slot = slotOf(bytes, start, length);
  const known = kept[slot];
  if (known !== undefined && isSame(known.bytes, bytes, start, length)) return known.text;
  const name = bytes.slice(start, start + length);
  const text = decoder.decode(name);
  kept[slot] = { bytes: name, text };
  return text;
}

/** Whether the bytes from `start` to `end`, which must lie within `bytes`, are UTF-8. */
export function isUtf8(bytes: Uint8Array, start: number, end: number): boolean {
  let position = start;
  while (position < end && (bytes[position] ?? 0) < 0x80) position++;
  if (position === end) return true;
  try {
    decoder.decode(bytes.subarray(position, end));
    return true;
  } catch {
    return false;
  }
}

function slotOf(bytes: Uint8Array, start: number, length: number): number {
  const first = bytes[start] ?? 0;
  const middle = bytes[start + (length >> 1)] ?? 0;
  const last = bytes[start + length - 1] ?? 0;
  return (length * 31 + first * 7 + middle * 3 + last) % slots;
}

function isSame(name: Uint8Array, bytes: Uint8Array, start: number, length: number): boolean {
  if (name.length !== length) return false;
  for (let index = 0; index < length; index++) {
    if (name[index] !== bytes[start + index]) return false;
  }
  return true;
}
