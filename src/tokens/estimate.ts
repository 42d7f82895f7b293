import { countCodePoints } from "../core/code-points.ts";
import { nextTurn } from "./turn.ts";

/** Code units looked at in one go, about half a millisecond. */
const sliceLength = 262_144;
/** To turn to the next text takes about as long as so many code units. */
const textCost = 8;

/**
 * Tokens of each text by the rule of thumb: a quarter of its code points, rounded up (so at least 1 for text
 * that is not empty). Long texts, and many, are counted in slices between which other work runs.
 */
export async function estimateTokens(texts: readonly string[]): Promise<number[]> {
  const counts: number[] = [];
  let budget = sliceLength;
  for (const text of texts) {
    let codePoints = 0;
    budget -= textCost;
    for (let start = 0; start < text.length || budget <= 0;) {
      if (budget <= 0) {
        await nextTurn();
        budget = sliceLength;
      }
      const end = Math.min(text.length, start + budget);
      codePoints += countCodePoints(text, start, end);
      budget -= end - start;
      start = end;
    }
    counts.push(Math.ceil(codePoints / 4));
  }
  return counts;
}
