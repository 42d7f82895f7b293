/** A pattern in parts whose conjunction is the pattern, none of which looks around. */
export interface LookaheadFree {
  /** What a text must match, from its beginning or anywhere, as written. */
  body: string;
  /** What must match, or must not, at the beginning of the text. */
  lookaheads: readonly { pattern: string; isNegative: boolean }[];
}

/** Longest pattern that is taken, in UTF-16 units. */
export const maxPatternLength = 1_000;

/**
 * What is wrong with `pattern`, a regular expression of ECMA-262 that has to be run in linear time; undefined for one
 * that looks well. Takes time linear in its length, and looks at the form only: whether groups and classes are closed,
 * quantifiers have something to repeat, and nothing looks around or back. Lookaheads are taken where
 * `splitLookaheads` takes them apart.
 */
export function patternProblem(pattern: string): string | undefined {
  if (pattern.length > maxPatternLength) return `is longer than ${maxPatternLength} characters`;
  const { body, lookaheads } = splitLookaheads(pattern);
  for (const part of [body, ...lookaheads.map((lookahead) => lookahead.pattern)]) {
    const problem = formProblem(part);
    if (problem !== undefined) return problem;
  }
  return undefined;
}

/**
 * Takes lookaheads at the very beginning (`^(?!a)(?=.*b)c`) out of a pattern: each is a condition of its own on the
 * text. Not where an alternative outside of groups follows: that would not be under the condition.
 */
export function splitLookaheads(pattern: string): LookaheadFree {
  const whole = { body: pattern, lookaheads: [] };
  if (!pattern.startsWith("^(?=") && !pattern.startsWith("^(?!")) return whole;
  const lookaheads: { pattern: string; isNegative: boolean }[] = [];
  let start = 1;
  while (pattern.startsWith("(?=", start) || pattern.startsWith("(?!", start)) {
    const end = groupEnd(pattern, start);
    if (end === undefined) return whole;
    lookaheads.push({
      pattern: `^(?:${pattern.slice(start + 3, end)})`,
      isNegative: pattern[start + 2] === "!",
    });
    start = end + 1;
  }
  // A quantifier would repeat the lookahead before it.
  if (/[*+?{]/.test(pattern.charAt(start)) || hasAlternatives(pattern, start)) return whole;
  return { body: `^${pattern.slice(start)}`, lookaheads };
}

function formProblem(pattern: string): string | undefined {
  let open = 0;
  /** Whether there is something to repeat before this place. */
  let repeatable = false;
  for (const { at, token } of tokens(pattern)) {
    switch (token) {
      case "unclosed":
        return "has a class or an escape that does not end";
      case "(":
        if (pattern[at + 1] === "?" && !isPlainGroup(pattern, at)) {
          return "has a group, such as one that looks around, that cannot be checked in linear time";
        }
        open++;
        repeatable = false;
        break;
      case ")":
        if (open-- === 0) return "has a group that does not begin";
        repeatable = true;
        break;
      case "reference":
        return "refers back, which cannot be checked in linear time";
      case "repeat":
        if (!repeatable) return "repeats nothing";
        repeatable = false;
        break;
      case "|":
        repeatable = false;
        break;
      case "item":
        repeatable = true;
        break;
    }
  }
  return open > 0 ? "has a group that does not end" : undefined;
}

function isPlainGroup(pattern: string, at: number): boolean {
  return /^\(\?(?::|<[A-Za-z_$])/.test(pattern.slice(at, at + 4));
}

/** Place of the bracket that closes the group at `start`. */
function groupEnd(pattern: string, start: number): number | undefined {
  let open = 0;
  for (const { at, token } of tokens(pattern, start)) {
    if (token === "(") open++;
    if (token === ")" && --open === 0) return at;
  }
  return undefined;
}

function hasAlternatives(pattern: string, start: number): boolean {
  let open = 0;
  for (const { token } of tokens(pattern, start)) {
    if (token === "(") open++;
    if (token === ")") open--;
    if (token === "|" && open === 0) return true;
  }
  return false;
}

type Token = "(" | ")" | "|" | "repeat" | "reference" | "item" | "unclosed";

const quantifier = /(?:[*+?]|\{\d+(?:,\d*)?\})\??/y;
const group = /\((?:\?(?::|=|!|<=|<!|<[^>]{0,64}>))?/y;

/** The tokens from `start`, as far as they matter for the form. */
function* tokens(pattern: string, start = 0): Generator<{ at: number; token: Token }> {
  let at = start;
  while (at < pattern.length) {
    const character = pattern.charAt(at);
    const begin = at;
    quantifier.lastIndex = at;
    group.lastIndex = at;
    if (character === "\\") {
      if (at + 1 === pattern.length) return yield { at, token: "unclosed" };
      yield { at: begin, token: /[1-9k]/.test(pattern.charAt(at + 1)) ? "reference" : "item" };
      at += 2;
    } else if (character === "[") {
      const end = classEnd(pattern, at);
      if (end === undefined) return yield { at, token: "unclosed" };
      yield { at: begin, token: "item" };
      at = end + 1;
    } else if (character === "(") {
      yield { at: begin, token: "(" };
      at += group.exec(pattern)?.[0].length ?? 1;
    } else if (character === ")" || character === "|") {
      yield { at: begin, token: character };
      at++;
    } else {
      const repeat = quantifier.exec(pattern)?.[0];
      yield { at: begin, token: repeat === undefined ? "item" : "repeat" };
      at += repeat?.length ?? 1;
    }
  }
}

function classEnd(pattern: string, start: number): number | undefined {
  for (let at = start + 1; at < pattern.length; at++) {
    if (pattern[at] === "\\") at++;
    else if (pattern[at] === "]") return at;
  }
  return undefined;
}
