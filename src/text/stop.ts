import { ServeError } from "../core/error.ts";

/** Finds stop strings in a text that comes in pieces. One for each choice. */
export interface StopMatcher {
  /**
   * Takes the next piece. `text` may be shown now; what could still become a stop string is held back. Once a
   * stop string is complete, `stop` names it, `text` ends before it, and all later pieces are dropped.
   *
   * The stop string that is complete first wins, whatever comes after; of several that end at the same place,
   * the longest. So the outcome does not depend on where the text is cut into pieces. If the text is well-formed,
   * `text` never ends inside a surrogate pair.
   */
  push(text: string): { text: string; stop?: string };
  /** The text held back, at an end without a stop string. */
  flush(): string;
}

/**
 * Time is linear in the text, whatever the stop strings (Aho and Corasick, 1975). Empty strings and lone
 * surrogates never match. Matchers for the same `stops` array share what is derived from it, so it must not be
 * changed. Throws `invalid_request` (`string_above_max_length`, `stop`) above 8,192 characters in all.
 */
export function createStopMatcher(stops: readonly string[]): StopMatcher {
  const automaton = toAutomaton(stops);
  const held = new TextQueue();
  let state = root;
  let stopped = false;

  const push = (text: string): { text: string; stop?: string } => {
    if (stopped || text === "") return { text: "" };
    for (let index = 0; index < text.length; index++) {
      const unit = text.charCodeAt(index);
      if (state === root && automaton.firstUnits[unit & 0xff] === 0) continue;
      state = automaton.next(state, unit);
      const stop = automaton.stopAt(state);
      if (stop === undefined) continue;
      stopped = true;
      const before = held.length + index + 1 - stop.length;
      held.push(text);
      return { text: held.take(before), stop };
    }
    // The text so far ends with the first `depth` units of a stop string, and with none longer.
    const kept = Math.max(automaton.depthOf(state), endsWithHighSurrogate(text) ? 1 : 0);
    if (kept === 0 && held.length === 0) return { text };
    held.push(text);
    return { text: held.take(held.length - kept) };
  };

  return { push, flush: () => (stopped ? "" : held.take(held.length)) };
}

const maxCharacters = 8_192;
const root = 0;

interface Automaton {
  next(state: number, unit: number): number;
  /** The longest stop string that ends in this state. */
  stopAt(state: number): string | undefined;
  /** Length of the longest end of the text so far that begins a stop string. */
  depthOf(state: number): number;
  /** 1 where a stop string may begin with a code unit of this low byte. */
  firstUnits: Uint8Array;
}

const automata = new WeakMap<readonly string[], Automaton>();

function toAutomaton(stops: readonly string[]): Automaton {
  let automaton = automata.get(stops);
  if (automaton === undefined) {
    automaton = build(stops);
    automata.set(stops, automaton);
  }
  return automaton;
}

function build(stops: readonly string[]): Automaton {
  const characters = stops.reduce((sum, stop) => sum + stop.length, 0);
  if (characters > maxCharacters) {
    throw new ServeError("invalid_request", `\`stop\` has more than ${maxCharacters} characters in all.`, {
      code: "string_above_max_length",
      param: "stop",
    });
  }
  const edges = new Map<number, number>();
  const edgeOf = (state: number, unit: number) => edges.get(state * 0x10000 + unit);
  const firstUnits = new Uint8Array(256);
  const depths = [0];
  const fallbacks = [root];
  const found: (string | undefined)[] = [undefined];
  // Shallow states first, because a fallback is always shallower: all strings grow together, unit by unit.
  let growing = stops
    .filter((stop) => stop !== "" && stop.isWellFormed())
    .map((stop) => ({ stop, state: root }));

  const next = (state: number, unit: number): number => {
    for (let from = state; ; from = fallbacks[from] ?? root) {
      const to = edgeOf(from, unit);
      if (to !== undefined) return to;
      if (from === root) return root;
    }
  };

  for (let depth = 0; growing.length > 0; depth++) {
    const added: { state: number; parent: number; unit: number }[] = [];
    for (const branch of growing) {
      const unit = branch.stop.charCodeAt(depth);
      const parent = branch.state;
      let state = edgeOf(parent, unit);
      if (state === undefined) {
        state = depths.push(depth + 1) - 1;
        edges.set(parent * 0x10000 + unit, state);
        added.push({ state, parent, unit });
      }
      if (depth === 0) firstUnits[unit & 0xff] = 1;
      if (branch.stop.length === depth + 1) found[state] = branch.stop;
      branch.state = state;
    }
    for (const { state, parent, unit } of added) {
      const fallback = parent === root ? root : next(fallbacks[parent] ?? root, unit);
      fallbacks[state] = fallback;
      found[state] ??= found[fallback];
    }
    growing = growing.filter(({ stop }) => stop.length > depth + 1);
  }

  return { next, stopAt: (state) => found[state], depthOf: (state) => depths[state] ?? 0, firstUnits };
}

/** Pieces of text waiting in line. Taking costs what is taken, however much waits. */
class TextQueue {
  #pieces: string[] = [];
  #first = 0;
  #offset = 0;
  length = 0;

  push(text: string): void {
    this.#pieces.push(text);
    this.length += text.length;
  }

  take(count: number): string {
    let taken = "";
    this.length -= count;
    for (let left = count; left > 0;) {
      const piece = this.#pieces[this.#first] ?? "";
      const end = Math.min(piece.length, this.#offset + left);
      taken += piece.slice(this.#offset, end);
      left -= end - this.#offset;
      this.#offset = end;
      if (end === piece.length) this.#skip();
    }
    return taken;
  }

  #skip(): void {
    this.#offset = 0;
    this.#first++;
    if (this.#first * 2 < this.#pieces.length) return;
    this.#pieces = this.#pieces.slice(this.#first);
    this.#first = 0;
  }
}

function endsWithHighSurrogate(text: string): boolean {
  return (text.charCodeAt(text.length - 1) & 0xfc00) === 0xd800;
}
