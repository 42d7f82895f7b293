import { RE2JS } from "re2js";
import { maxPatternLength, patternProblem, splitLookaheads } from "./pattern.ts";

/**
 * A regular expression of ECMA-262 syntax whose time is linear in the text, so that no pattern of a client can
 * hold the process. Throws for what that rules out (lookaround but at the very beginning, backreferences) and for
 * oversized patterns.
 */
export const createLinearRegExp = Object.assign(
  (pattern: string) => {
    if (pattern.length > maxPatternLength) throw new RangeError("The pattern is too long.");
    const problem = patternProblem(pattern);
    if (problem !== undefined) throw new SyntaxError(`The pattern ${problem}.`);
    const { body, lookaheads } = splitLookaheads(pattern);
    const compiled = compile(body);
    const conditions = lookaheads.map((lookahead) => ({
      isNegative: lookahead.isNegative,
      compiled: compile(lookahead.pattern),
    }));
    return {
      test: (text: string) =>
        compiled.test(text) &&
        conditions.every((condition) => condition.compiled.test(text) !== condition.isNegative),
      // The validator keeps one expression for each different toString().
      toString: () => pattern,
    };
  },
  // The validator would write this into code that it prints; it never prints any here.
  { code: "createLinearRegExp" },
);

function compile(pattern: string): RE2JS {
  return RE2JS.compile(RE2JS.translateRegExp(pattern));
}
