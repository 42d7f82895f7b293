import type { BlockReader } from "./block-reader.ts";

/** A call whose parts come in any order. It is given out once its name is known and its arguments have begun. */
export class PendingCall {
  readonly #reader: BlockReader;
  #name: string | undefined;
  #id: string | undefined;
  #isGiven = false;
  #hasArguments = false;
  /** Arguments that came before the name. */
  #early: string[] = [];

  constructor(reader: BlockReader, name?: string, id?: string) {
    this.#reader = reader;
    this.#name = name;
    this.#id = id;
  }

  get isNamed(): boolean {
    return this.#name !== undefined;
  }

  get hasArguments(): boolean {
    return this.#hasArguments;
  }

  set id(id: string) {
    this.#id = id;
  }

  beginArguments(): void {
    this.#hasArguments = true;
    if (this.#name !== undefined) this.#give(this.#name);
  }

  write(text: string): void {
    if (this.#isGiven) this.#reader.give(text);
    else this.#early.push(text);
  }

  /** False if no tool has this name, or what came before it is no JSON. */
  setName(name: string): boolean {
    if (this.#name !== undefined) return true;
    if (!this.#reader.tools.names.has(name)) return false;
    if (this.#hasArguments && !isJson(this.#early.join(""))) return false;
    this.#name = name;
    if (this.#hasArguments) this.#give(name);
    return true;
  }

  /** The call is complete. False if it never had a name. */
  end(): boolean {
    if (this.#name === undefined) return false;
    if (!this.#isGiven) this.#give(this.#name);
    // Also tells the reader that what was read until here belongs to the call.
    this.#reader.give(this.#hasArguments ? "" : "{}");
    return true;
  }

  #give(name: string): void {
    this.#isGiven = true;
    const id = this.#id !== undefined && /^[\w-]{8,64}$/.test(this.#id) ? this.#id : undefined;
    this.#reader.begin(name, id);
    this.#reader.give(this.#early.join(""));
    this.#early = [];
  }
}

/** Whether `text` is one JSON value. */
export function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
