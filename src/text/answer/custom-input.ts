import { JsonStringDecoder } from "../tool-calls/json-string.ts";

/**
 * Unwraps `{"input": "…"}`, as models call a custom tool, to the text of `input`, and a JSON string to its content. What
 * has another form stays.
 */
export class CustomInput {
  /** Arguments as far as their form is not known. */
  #beginning = "";
  #state: "beginning" | "input" | "other" = "beginning";
  readonly #decoder = new JsonStringDecoder();

  /** Takes the next piece of the arguments and gives what it adds to the input. */
  push(text: string): string {
    if (this.#state === "other") return text;
    if (this.#state === "input") return this.#decode(text);
    this.#beginning += text;
    const head = /^\s*(?:\{\s*"input"\s*:\s*)?"/.exec(this.#beginning.slice(0, maxHead))?.[0];
    if (head !== undefined) {
      this.#state = "input";
      return this.#decode(this.#beginning.slice(head.length));
    }
    if (this.#beginning.length < maxHead) return "";
    this.#state = "other";
    return this.#beginning;
  }

  /** The arguments are complete: gives what was held back. */
  end(): string {
    if (this.#state === "input") return this.#decoder.take();
    return this.#state === "beginning" && this.#beginning !== "{}" ? this.#beginning : "";
  }

  #decode(text: string): string {
    if (!this.#decoder.isComplete) this.#decoder.scan(text, 0, text.length);
    return this.#decoder.take();
  }
}

const maxHead = 256;
