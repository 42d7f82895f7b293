/** Byte-pair encodings that can be counted with. */
export type Encoding = keyof typeof vocabularies;

/**
 * Token ids of each encoding: every id below `size`, and the `special` ones above it. Between the two lie ids
 * that stand for nothing.
 */
const vocabularies = {
  o200k_base: { size: 199_998, special: [199_999, 200_018] },
  cl100k_base: { size: 100_256, special: [100_257, 100_258, 100_259, 100_260, 100_276] },
  p50k_base: { size: 50_281, special: [] },
  p50k_edit: { size: 50_284, special: [] },
  r50k_base: { size: 50_257, special: [] },
} as const satisfies Record<string, { size: number; special: readonly number[] }>;

/** First match wins; the name is without fine-tuning prefix and owner. */
const encodingRules: readonly (readonly [RegExp, Encoding])[] = [
  [/^gpt-(3\.5|35)/, "cl100k_base"],
  [/^gpt-4(o|\.)/, "o200k_base"],
  [/^chatgpt-/, "o200k_base"],
  [/^gpt-([5-9]|\d\d)/, "o200k_base"],
  [/^gpt-oss/, "o200k_base"],
  [/^o\d+(-|$)/, "o200k_base"],
  [/^gpt-4/, "cl100k_base"],
  [/^text-embedding-/, "cl100k_base"],
  [/^(davinci|babbage)-002/, "cl100k_base"],
  [/^(text|code)-davinci-edit-/, "p50k_edit"],
  [/^text-davinci-00[23]/, "p50k_base"],
  [/^code-(davinci|cushman)-/, "p50k_base"],
  [/^(text-)?(davinci|curie|babbage|ada)(-|$)/, "r50k_base"],
];

/**
 * The encoding of a model by its name, as OpenAI's models use them. Fine-tuned names
 * (`ft:gpt-4o:…`) and names with an owner (`openai/gpt-4o`) count as the model they name. Any other name, which
 * is that of a local model, gets `cl100k_base`.
 */
export function encodingFor(modelName: string): Encoding {
  const name = modelName
    .slice(modelName.lastIndexOf("/") + 1)
    .replace(/^ft:/, "")
    .toLowerCase();
  for (const [pattern, encoding] of encodingRules) if (pattern.test(name)) return encoding;
  return "cl100k_base";
}

/** Whether `token` is an id of the encoding; false for anything that is not a whole number of 0 or more. */
export function isToken(encoding: Encoding, token: number): boolean {
  if (!Number.isInteger(token) || token < 0) return false;
  const vocabulary: { size: number; special: readonly number[] } = vocabularies[encoding];
  return token < vocabulary.size || vocabulary.special.includes(token);
}
