import type { TokenLogprob } from "../../core/generation.ts";

/** Raw text that is read at once, and the logprobs of its tokens. */
export interface LogprobUnit {
  text: string;
  logprobs: readonly TokenLogprob[];
}

/** The parts in which a raw delta must be read so that each logprob finds its text: one a token where that is known. */
export function toUnits(text: string, logprobs: readonly TokenLogprob[]): LogprobUnit[] {
  if (logprobs.map(({ token }) => token).join("") !== text) return [{ text, logprobs }];
  return logprobs.map((logprob) => ({ text: logprob.token, logprobs: [logprob] }));
}

/** Logprobs of raw text of which it is not yet known what becomes of it. */
export class LogprobQueue {
  #units: LogprobUnit[] = [];

  add(unit: LogprobUnit): void {
    this.#units.push(unit);
  }

  /**
   * Takes the logprobs of `text`, which stands next in the raw text, marks and white space that vanish aside. What
   * stands before it is dropped. Undefined if there are none.
   */
  take(text: string): TokenLogprob[] | undefined {
    const raw = this.#units.map((unit) => unit.text).join("");
    const from = Math.max(raw.indexOf(text), 0);
    const to = from + text.length;
    const taken: TokenLogprob[] = [];
    const left: LogprobUnit[] = [];
    let start = 0;
    for (const unit of this.#units) {
      const end = start + unit.text.length;
      const isTaken = start < to && (end > from || unit.text === "");
      if (isTaken) taken.push(...unit.logprobs);
      // A token of which a part is text is taken as a whole, once.
      if (end > to) left.push(start < to ? { text: unit.text.slice(to - start), logprobs: [] } : unit);
      else if (!isTaken && start === to) left.push(unit);
      start = end;
    }
    this.#units = left;
    return taken.length === 0 ? undefined : taken;
  }

  /** What was read has become something else than text. */
  drop(): void {
    this.#units = [];
  }
}
