/** Parts that are put into one text at a time. */
const partsATime = 512;

/**
 * A text that comes in many small parts. Takes little more room than its characters; one that is put together by `+=`
 * takes tens of bytes more for each part.
 */
export class GrowingText {
  readonly #whole: string[] = [];
  #parts: string[] = [];

  add(part: string): void {
    if (this.#parts.push(part) < partsATime) return;
    this.#whole.push(this.#parts.join(""));
    this.#parts = [];
  }

  toString(): string {
    return [...this.#whole, ...this.#parts].join("");
  }
}
