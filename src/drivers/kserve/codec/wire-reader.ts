import { ByteFields } from "./byte-fields.ts";
import { decodeName, isUtf8 } from "./names.ts";

/** Bytes that are not the protobuf message they should be. The text names the fault, never the content. */
export class MalformedMessage extends Error {
  override readonly name = "MalformedMessage";
}

export const wireType = {
  varint: 0,
  fixed64: 1,
  delimited: 2,
  startGroup: 3,
  endGroup: 4,
  fixed32: 5,
} as const;

const maxGroupDepth = 100;
/** Elements that become objects of their own: a few bytes on the wire are a hundred in memory. */
const maxObjects = 65_536;
const maxNumbers = 1_048_576;

/**
 * Reads protobuf's wire format. Every length is checked against the enclosing message before it is used, and
 * the number of elements is bounded, so that memory stays in proportion to the message.
 * Every method throws `MalformedMessage`. Byte fields are places in the input.
 */
export class WireReader {
  private readonly bytes: Uint8Array;
  private position = 0;
  private end: number;
  private objects = 0;
  private numbers = 0;

  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
    this.end = bytes.length;
  }

  /** Whether the message that is being read has more fields. */
  get more(): boolean {
    return this.position < this.end;
  }

  /** Field number * 8 + wire type. */
  tag(): number {
    const first = this.byte();
    if (first < 0x80) return first;
    return this.longVarint32(first, 0x0f);
  }

  /** Starts a nested message; what comes back goes to `leave`. */
  enter(): number {
    const length = this.length();
    const outer = this.end;
    this.end = this.position + length;
    return outer;
  }

  leave(outer: number): void {
    this.end = outer;
  }

  /** Counts an element that becomes an object. */
  countObject(): void {
    if (++this.objects > maxObjects) throw new MalformedMessage("too many elements");
  }

  countNumber(): void {
    if (++this.numbers > maxNumbers) throw new MalformedMessage("too many numbers");
  }

  /** A `bytes` field, added to `known` or, when there was none before, to new ones. */
  byteField(known: ByteFields): ByteFields {
    const start = this.delimited();
    const fields = known.length === 0 ? new ByteFields(this.bytes) : known;
    fields.add(start, this.position);
    return fields;
  }

  /** A `string` field, which must be valid UTF-8. */
  text(): string {
    const start = this.delimited();
    try {
      return decodeName(this.bytes, start, this.position - start);
    } catch (error) {
      throw new MalformedMessage("a string is not UTF-8", { cause: error });
    }
  }

  /** A `string` field that nobody reads. */
  skipText(): void {
    const start = this.delimited();
    if (!isUtf8(this.bytes, start, this.position)) throw new MalformedMessage("a string is not UTF-8");
  }

  bool(): boolean {
    this.varint();
    return this.low !== 0 || this.high !== 0;
  }

  int32(): number {
    this.varint();
    return this.low | 0;
  }

  uint32(): number {
    this.varint();
    return this.low;
  }

  int64(): number {
    this.varint();
    return (this.high | 0) * 4_294_967_296 + this.low;
  }

  uint64(): number {
    this.varint();
    return this.high * 4_294_967_296 + this.low;
  }

  float(): number {
    return this.view(4).getFloat32(0, true);
  }

  double(): number {
    return this.view(8).getFloat64(0, true);
  }

  /** Skips the value of a field that is not known. */
  skip(tag: number): void {
    const open: number[] = [];
    for (let next = tag; ; next = this.tag()) {
      const field = next >>> 3;
      if (field === 0) throw new MalformedMessage("field number 0");
      this.skipOne(next & 7, field, open);
      if (open.length === 0) return;
    }
  }

  private skipOne(type: number, field: number, open: number[]): void {
    switch (type) {
      case wireType.varint:
        this.varint();
        return;
      case wireType.fixed64:
        this.take(8);
        return;
      case wireType.delimited:
        this.take(this.length());
        return;
      case wireType.fixed32:
        this.take(4);
        return;
      case wireType.startGroup:
        if (open.length >= maxGroupDepth) throw new MalformedMessage("groups are nested too deeply");
        open.push(field);
        return;
      case wireType.endGroup:
        if (open.pop() !== field) throw new MalformedMessage("a group ends that did not start");
        return;
      default:
        throw new MalformedMessage("unknown wire type");
    }
  }

  // The halves of the last varint, unsigned.
  private low = 0;
  private high = 0;

  private varint(): void {
    let low = 0;
    let high = 0;
    for (let shift = 0; shift < 70; shift += 7) {
      const byte = this.byte();
      const bits = byte & 0x7f;
      if (shift < 28) {
        low |= bits << shift;
      } else if (shift === 28) {
        low |= bits << 28;
        high = bits >>> 4;
      } else {
        high |= bits << (shift - 32);
      }
      if (byte < 0x80) {
        this.low = low >>> 0;
        this.high = high >>> 0;
        return;
      }
    }
    throw new MalformedMessage("a varint is too long");
  }

  /** Passes over a field of this wire type. Gives where it starts; it ends at `position`. */
  private delimited(): number {
    const length = this.length();
    const start = this.position;
    this.position = start + length;
    return start;
  }

  private length(): number {
    const first = this.byte();
    const length = first < 0x80 ? first : this.longVarint32(first, 0x07);
    if (length > this.end - this.position) throw new MalformedMessage("a length passes the end");
    return length;
  }

  /** The rest of a varint of at most five bytes whose last one is at most `lastMax`. */
  private longVarint32(first: number, lastMax: number): number {
    let value = first & 0x7f;
    for (let shift = 7; shift < 28; shift += 7) {
      const byte = this.byte();
      value |= (byte & 0x7f) << shift;
      if (byte < 0x80) return value;
    }
    const last = this.byte();
    if (last > lastMax) throw new MalformedMessage("a tag or length is out of range");
    return (value | (last << 28)) >>> 0;
  }

  private byte(): number {
    if (this.position >= this.end) throw new MalformedMessage("the message is cut short");
    return this.bytes[this.position++] ?? 0;
  }

  private view(length: number): DataView {
    const start = this.take(length);
    return new DataView(this.bytes.buffer, this.bytes.byteOffset + start, length);
  }

  private take(length: number): number {
    const start = this.position;
    if (length > this.end - start) throw new MalformedMessage("the message is cut short");
    this.position = start + length;
    return start;
  }
}
