/** A delimited field of protobuf. */
export function field(number: number, value: Uint8Array): Buffer {
  return Buffer.concat([varint((number << 3) | 2), varint(value.length), value]);
}

export function textField(number: number, text: string): Buffer {
  return field(number, Buffer.from(text));
}

/** A whole number from 0 to 2^31 - 1. */
export function varint(value: number): Buffer {
  const bytes: number[] = [];
  let rest = value;
  for (; rest > 0x7f; rest >>>= 7) bytes.push((rest & 0x7f) | 0x80);
  bytes.push(rest);
  return Buffer.from(bytes);
}
