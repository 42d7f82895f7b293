import type { RuntimeValue } from "./ast.ts";

/** What a template may use of the process before it is stopped. */
export interface Limits {
  /** Length of any one value: of a text, or of all texts in a list, with a few characters for each element. */
  characters: number;
  /** Steps of the interpreter. Copying text costs steps too, so that memory is bounded with them. */
  steps: number;
}

/** A template asked for more than it may have. */
export class OverBudget extends Error {
  override readonly name = "OverBudget";
}

const charactersForEach = 8;
const charactersAStep = 32;
/** A loop keeps a scope for each of its elements. */
const stepsForEachLoop = 16;
const maxDepth = 256;

interface Size {
  characters: number;
  elements: number;
  depth: number;
}

/**
 * Counts what a rendering uses. Values of templates never change once they are made, except namespaces: these are
 * measured anew each time and may not be part of other values.
 */
export class Budget {
  readonly #limits: Limits;
  readonly #sizes = new WeakMap<RuntimeValue, Size>();
  #stepsLeft: number;

  constructor(limits: Limits) {
    this.#limits = limits;
    this.#stepsLeft = limits.steps;
  }

  /** Throws `OverBudget` when there are not so many steps left. */
  spend(steps: number): void {
    this.#stepsLeft -= steps;
    if (this.#stepsLeft < 0) throw new OverBudget("The template takes too many steps.");
  }

  /** Throws `OverBudget` if a text would become longer than a value may be. */
  allow(characters: number): void {
    if (characters > this.#limits.characters) throw new OverBudget("The template makes too long a text.");
  }

  /** Throws `OverBudget` if `value` is larger than a value may be. */
  check(value: RuntimeValue): void {
    const { value: content } = value;
    if (typeof content === "string") this.allow(content.length);
    else if (typeof content === "object" && content !== null) this.allow(this.sizeOf(value).characters);
  }

  /** Pays for the copying that made `value`. */
  payFor(value: RuntimeValue): void {
    const { characters, elements } = this.sizeOf(value);
    this.spend(Math.ceil(characters / charactersAStep) + elements);
  }

  /** Pays for a loop over `value`. */
  payForLoop(value: RuntimeValue): void {
    const { value: content } = value;
    const count = Array.isArray(content) ? content.length : content instanceof Map ? content.size : 0;
    this.spend(count * stepsForEachLoop);
  }

  sizeOf(value: RuntimeValue): Size {
    const { value: content } = value;
    if (typeof content === "string") return { characters: content.length, elements: 0, depth: 0 };
    if (Array.isArray(content)) return this.#remembered(value, () => this.#sum(content, []));
    if (!(content instanceof Map)) return nothing;
    const measure = () => this.#sum(content.values(), content.keys());
    return value.type === "NamespaceValue" ? measure() : this.#remembered(value, measure);
  }

  #remembered(value: RuntimeValue, measure: () => Size): Size {
    const known = this.#sizes.get(value);
    if (known !== undefined) return known;
    const size = measure();
    this.#sizes.set(value, size);
    return size;
  }

  #sum(values: Iterable<RuntimeValue>, keys: Iterable<string>): Size {
    const total = { characters: 0, elements: 0, depth: 1 };
    for (const value of values) {
      if (value.type === "NamespaceValue")
        throw new OverBudget("A namespace may not be part of another value.");
      const size = this.sizeOf(value);
      total.characters += size.characters + charactersForEach;
      total.elements += size.elements + 1;
      total.depth = Math.max(total.depth, size.depth + 1);
    }
    for (const key of keys) total.characters += key.length;
    if (total.depth > maxDepth) throw new OverBudget("A value of the template is nested too deeply.");
    return total;
  }
}

const nothing: Size = { characters: 0, elements: 0, depth: 0 };
