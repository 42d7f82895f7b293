/** The values of a repeated `bytes` field, as places in the message: a view of one costs more than reading it, if short. */
export class ByteFields {
  readonly message: Uint8Array;
  /** Start and end of each in the message. */
  private readonly bounds: number[] = [];

  constructor(message: Uint8Array) {
    this.message = message;
  }

  get length(): number {
    return this.bounds.length >> 1;
  }

  /** `start` to `end` must lie within the message. */
  add(start: number, end: number): void {
    this.bounds.push(start, end);
  }

  start(index: number): number {
    return this.bounds[2 * index] ?? 0;
  }

  end(index: number): number {
    return this.bounds[2 * index + 1] ?? 0;
  }

  /** Views of the message. */
  views(): Uint8Array[] {
    return Array.from({ length: this.length }, (_, index) =>
      this.message.subarray(this.start(index), this.end(index)),
    );
  }
}

/** Those of a field that did not come. One for all: nobody may add to it. */
export const noBytes = new ByteFields(new Uint8Array());
