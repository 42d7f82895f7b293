import type { Encoding } from "./encoding.ts";

/** Counts of short texts that come again: names of roles, system prompts, tools, the history of a conversation. */
export interface CountCache {
  get(encoding: Encoding, text: string): number | undefined;
  set(encoding: Encoding, text: string, tokens: number): void;
}

/** Longer texts are not looked up: they seldom repeat, and to compare them takes its time too. */
const longestText = 8_192;

const maxTexts = 1_024;
const maxCharacters = 262_144;

/**
 * Keeps at most 1,024 texts and 262,144 characters, in two generations: when the younger is half of that, it
 * becomes the older, and the older is forgotten but for what was asked for since.
 */
export function createCountCache(): CountCache {
  let young = createGeneration();
  let old = createGeneration();

  const add = (encoding: Encoding, text: string, tokens: number) => {
    const isFull =
      young.texts >= maxTexts / 2 || (young.texts > 0 && young.characters + text.length > maxCharacters / 2);
    if (isFull) {
      old = young;
      young = createGeneration();
    }
    young.texts++;
    young.characters += text.length;
    let counts = young.counts.get(encoding);
    if (counts === undefined) young.counts.set(encoding, (counts = new Map<string, number>()));
    counts.set(text, tokens);
  };

  return {
    get(encoding, text) {
      if (text.length > longestText) return undefined;
      const known = young.counts.get(encoding)?.get(text);
      if (known !== undefined) return known;
      const remembered = old.counts.get(encoding)?.get(text);
      if (remembered !== undefined) add(encoding, copyOf(text), remembered);
      return remembered;
    },
    set(encoding, text, tokens) {
      if (text.length > longestText || young.counts.get(encoding)?.has(text) === true) return;
      add(encoding, copyOf(text), tokens);
    },
  };
}

interface Generation {
  counts: Map<Encoding, Map<string, number>>;
  texts: number;
  characters: number;
}

function createGeneration(): Generation {
  return { counts: new Map(), texts: 0, characters: 0 };
}

/** A part of a longer text keeps all of that in memory; what is put together anew keeps but itself. */
function copyOf(text: string): string {
  return text.slice(0, 1) + text.slice(1);
}
