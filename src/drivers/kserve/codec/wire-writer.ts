const textEncoder = new TextEncoder();

/** From this length on a value is kept as it is until `finish` copies it, once. */
const largeValueBytes = 4_096;

/**
 * Writes protobuf's wire format. Empty and zero fields are left out by the caller. Values that are handed over must
 * not change until `finish`.
 */
export class WireWriter {
  /** What comes before `bytes`. */
  private pieces: Uint8Array[] = [];
  private piecesLength = 0;
  private bytes: Uint8Array<ArrayBuffer>;
  private length = 0;

  constructor(capacity = 256) {
    this.bytes = new Uint8Array(capacity);
  }

  /** Everything that was written; the writer is not used any more. */
  finish(): Uint8Array {
    const written = this.bytes.subarray(0, this.length);
    if (this.pieces.length === 0) return written;
    const whole = new Uint8Array(this.size);
    let position = 0;
    for (const piece of [...this.pieces, written]) {
      whole.set(piece, position);
      position += piece.length;
    }
    return whole;
  }

  /** An unsigned number below 2^53. */
  varint(value: number): void {
    this.reserve(10);
    let rest = value;
    while (rest > 0x7f) {
      this.bytes[this.length++] = (rest % 0x80) | 0x80;
      rest = Math.floor(rest / 0x80);
    }
    this.bytes[this.length++] = rest;
  }

  /** A signed integer in two's complement of 64 bits, as protobuf writes int32 and int64. */
  signedVarint(value: number): void {
    if (value >= 0) {
      this.varint(value);
      return;
    }
    this.reserve(10);
    let rest = BigInt.asUintN(64, BigInt(value));
    while (rest > 0x7fn) {
      this.bytes[this.length++] = Number(rest & 0x7fn) | 0x80;
      rest >>= 7n;
    }
    this.bytes[this.length++] = Number(rest);
  }

  /** The low 8, 16, 32 bits of an integer, in two's complement, little-endian. */
  fixed8(value: number): void {
    this.view(1).setUint8(0, value);
  }

  fixed16(value: number): void {
    this.view(2).setUint16(0, value, true);
  }

  fixed32(value: number): void {
    this.view(4).setUint32(0, value, true);
  }

  /** An integer in two's complement of 64 bits. */
  fixed64(value: number): void {
    this.view(8).setBigInt64(0, BigInt(value), true);
  }

  float(value: number): void {
    this.view(4).setFloat32(0, value, true);
  }

  double(value: number): void {
    this.view(8).setFloat64(0, value, true);
  }

  /** Bytes without a tag. */
  raw(value: Uint8Array): void {
    this.append(value);
  }

  /** A delimited field. */
  field(tag: number, value: Uint8Array): void {
    this.varint(tag);
    this.varint(value.length);
    this.append(value);
  }

  /** A nested message. */
  message(tag: number, message: WireWriter): void {
    this.varint(tag);
    this.varint(message.size);
    for (const piece of message.pieces) this.append(piece);
    this.append(message.bytes.subarray(0, message.length));
  }

  text(tag: number, value: string): void {
    this.field(tag, textEncoder.encode(value));
  }

  private get size(): number {
    return this.piecesLength + this.length;
  }

  private append(value: Uint8Array): void {
    if (value.length < largeValueBytes) {
      this.reserve(value.length);
      this.bytes.set(value, this.length);
      this.length += value.length;
      return;
    }
    this.pieces.push(this.bytes.subarray(0, this.length), value);
    this.piecesLength += this.length + value.length;
    this.bytes = new Uint8Array(64);
    this.length = 0;
  }

  private view(length: number): DataView {
    this.reserve(length);
    const view = new DataView(this.bytes.buffer, this.length, length);
    this.length += length;
    return view;
  }

  private reserve(more: number): void {
    if (this.length + more <= this.bytes.length) return;
    const larger = new Uint8Array(Math.max(this.bytes.length * 2, this.length + more));
    larger.set(this.bytes);
    this.bytes = larger;
  }
}
