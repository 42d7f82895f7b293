/** Reads HTTP/1.1 responses of one connection, with a length or in chunks, one after the other. */
export class ResponseReader {
  #head = "";
  #body: Buffer = Buffer.allocUnsafe(65_536);
  #length = 0;
  /** Bytes of the body or of the chunk that are still to come; undefined while a line of text is read. */
  #left: number | undefined;
  #line = "";
  #isChunked = false;
  #isTrailer = false;
  #status = 0;

  get status(): number {
    return this.#status;
  }

  /** What has come of the body so far. Good until the next `read`. */
  get body(): Buffer {
    return this.#body.subarray(0, this.#length);
  }

  /** Answers whether the response is complete; the next byte then belongs to the next one. */
  read(bytes: Buffer): boolean {
    let position = 0;
    while (position < bytes.length) {
      if (this.#left === undefined) {
        const end = bytes.indexOf(10, position);
        if (end < 0) {
          this.#line += bytes.toString("latin1", position);
          return false;
        }
        const line = (this.#line + bytes.toString("latin1", position, end)).trimEnd();
        this.#line = "";
        position = end + 1;
        if (this.#readLine(line)) return this.#complete(position, bytes);
      } else {
        const end = Math.min(position + this.#left, bytes.length);
        this.#keep(bytes.subarray(position, end));
        this.#left -= end - position;
        position = end;
        if (this.#left > 0) return false;
        if (!this.#isChunked) return this.#complete(position, bytes);
        this.#left = undefined;
      }
    }
    return false;
  }

  /** Forgets the response that was read. */
  reset(): void {
    this.#head = "";
    this.#length = 0;
    this.#left = undefined;
    this.#isChunked = false;
    this.#isTrailer = false;
    this.#status = 0;
  }

  #complete(position: number, bytes: Buffer): true {
    if (position < bytes.length) throw new Error("The server sent more than one response to one request.");
    return true;
  }

  /** Answers whether this line ended the response. */
  #readLine(line: string): boolean {
    if (this.#status !== 0) return this.#readChunkLine(line);
    if (line !== "") {
      this.#head += `${line}\n`;
      return false;
    }
    this.#status = Number(/^HTTP\/1\.1 (\d{3})/.exec(this.#head)?.[1] ?? Number.NaN);
    const length = /^content-length: *(\d+)$/im.exec(this.#head)?.[1];
    this.#isChunked = length === undefined;
    if (length === undefined) return false;
    this.#left = Number(length);
    return this.#left === 0;
  }

  #readChunkLine(line: string): boolean {
    if (this.#isTrailer) return line === "";
    // The empty line that ends a chunk.
    if (line === "") return false;
    const size = Number.parseInt(line, 16);
    if (Number.isNaN(size)) throw new Error("The server sent a chunk without a size.");
    if (size === 0) this.#isTrailer = true;
    else this.#left = size;
    return false;
  }

  #keep(bytes: Buffer): void {
    if (this.#length + bytes.length > this.#body.length) {
      const larger = Buffer.allocUnsafe(Math.max(this.#body.length * 2, this.#length + bytes.length));
      this.#body.copy(larger, 0, 0, this.#length);
      this.#body = larger;
    }
    this.#body.set(bytes, this.#length);
    this.#length += bytes.length;
  }
}
