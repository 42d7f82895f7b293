/** Frames of HTTP/2 (RFC 9113, section 6), as far as the backend needs them. */
export const frameType = {
  data: 0,
  headers: 1,
  resetStream: 3,
  settings: 4,
  ping: 6,
  windowUpdate: 8,
} as const;

export const frameFlag = { endStream: 1, acknowledge: 1, endHeaders: 4, padded: 8 } as const;

export const frameHeaderBytes = 9;

/** The connection's own frames have stream 0; frames that are encoded ahead get theirs when they are sent. */
export function encodeFrame(type: number, flags: number, payload: Uint8Array, stream = 0): Buffer {
  const frame = Buffer.alloc(frameHeaderBytes + payload.length);
  frame.writeUIntBE(payload.length, 0, 3);
  frame[3] = type;
  frame[4] = flags;
  frame.writeUInt32BE(stream, 5);
  frame.set(payload, frameHeaderBytes);
  return frame;
}

/** Header fields as HPACK literals that are not indexed (RFC 7541, section 6.2.2): no state between blocks. */
export function encodeHeaders(fields: Readonly<Record<string, string>>, flags: number): Buffer {
  const block = Object.entries(fields).map(([name, value]) => {
    if (name === ":status" && value === "200") return Buffer.from([0x88]);
    return Buffer.concat([
      Buffer.from([0, name.length]),
      Buffer.from(name),
      Buffer.from([value.length]),
      Buffer.from(value),
    ]);
  });
  return encodeFrame(frameType.headers, flags | frameFlag.endHeaders, Buffer.concat(block));
}

export interface Frame {
  type: number;
  flags: number;
  stream: number;
  /** A view, good until the next read. */
  payload: Buffer;
}

/** Cuts what a connection receives into frames. */
export class FrameReader {
  #rest: Buffer = Buffer.alloc(0);
  #isOpen = false;

  /** Throws when the connection does not begin as HTTP/2 does, or when a frame is too large. */
  *read(chunk: Buffer): Generator<Frame> {
    const bytes = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk]);
    let position = this.#isOpen ? 0 : this.#readPreface(bytes);
    while (this.#isOpen && bytes.length - position >= frameHeaderBytes) {
      const length = bytes.readUIntBE(position, 3);
      if (length > maxFrameBytes) throw new Error("A frame is larger than was agreed.");
      const end = position + frameHeaderBytes + length;
      if (end > bytes.length) break;
      yield {
        type: bytes[position + 3] ?? 0,
        flags: bytes[position + 4] ?? 0,
        stream: bytes.readUInt32BE(position + 5) & 0x7fffffff,
        payload: bytes.subarray(position + frameHeaderBytes, end),
      };
      position = end;
    }
    this.#rest = Buffer.from(bytes.subarray(position));
  }

  #readPreface(bytes: Buffer): number {
    if (bytes.length < preface.length) return 0;
    if (!bytes.subarray(0, preface.length).equals(preface)) throw new Error("This is not HTTP/2.");
    this.#isOpen = true;
    return preface.length;
  }
}

const preface = Buffer.from("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");

/** HTTP/2's default, which the backend does not raise. */
export const maxFrameBytes = 16_384;
