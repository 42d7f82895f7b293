/** Drops the prompt from the beginning of an answer that repeats it. */
export interface EchoFilter {
  /** What of the text is given out. Nothing while the text so far is the beginning of the prompt. */
  push(text: string): string;
  /** The answer is over: what was held back, because it was not the whole prompt. */
  end(): string;
}

/**
 * Whether answers begin with the prompt: `unknown` drops only a prompt that an answer would not begin with by chance.
 */
export type Echo = "never" | "unknown" | "always";

const unmistakableLength = 8;

export function createEchoFilter(prompt: string, echo: Echo): EchoFilter {
  const isSought = echo === "always" || (echo === "unknown" && prompt.length >= unmistakableLength);
  /** How much of the prompt has come; undefined once it is settled. */
  let matched: number | undefined = isSought ? 0 : undefined;
  return {
    push(text) {
      if (matched === undefined) return text;
      const start = matched;
      const rest = prompt.length - start;
      if (text.length < rest && prompt.startsWith(text, start)) {
        matched = start + text.length;
        return "";
      }
      matched = undefined;
      return text.startsWith(prompt.slice(start)) ? text.slice(rest) : prompt.slice(0, start) + text;
    },
    end() {
      const held = prompt.slice(0, matched ?? 0);
      matched = undefined;
      return held;
    },
  };
}
