/** Takes as much as it can and says how much that was. */
export interface ByteSink {
  write(bytes: Uint8Array): number;
}

/** Gathers the frames of one turn of the event loop, so that they leave in one write. */
export class Outbox {
  readonly #sink: ByteSink;
  #bytes = Buffer.allocUnsafe(65_536);
  #length = 0;
  #sent = 0;
  #isBlocked = false;

  constructor(sink: ByteSink) {
    this.#sink = sink;
  }

  /** The other side does not keep up: nothing should be added until `flush` has got rid of what is here. */
  get isBlocked(): boolean {
    return this.#isBlocked;
  }

  /** Adds a frame, as one of `stream`. */
  add(frame: Uint8Array, stream: number): void {
    const start = this.#length;
    this.#reserve(frame.length);
    this.#bytes.set(frame, start);
    this.#bytes.writeUInt32BE(stream, start + 5);
    this.#length += frame.length;
  }

  /** Sends what the sink takes; the rest waits for the next call. */
  flush(): void {
    if (this.#length === 0) return;
    this.#sent += Math.max(this.#sink.write(this.#bytes.subarray(this.#sent, this.#length)), 0);
    this.#isBlocked = this.#sent < this.#length;
    if (this.#isBlocked) return;
    this.#length = 0;
    this.#sent = 0;
  }

  #reserve(more: number): void {
    if (this.#length + more <= this.#bytes.length) return;
    const larger = Buffer.allocUnsafe(Math.max(this.#bytes.length * 2, this.#length + more));
    this.#bytes.copy(larger, 0, 0, this.#length);
    this.#bytes = larger;
  }
}
