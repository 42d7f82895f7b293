/**
 * Fill in the middle: how code models are asked for the text between a prefix and a suffix, as their model cards
 * say. The answer is what stands between.
 */
const families: ReadonlyMap<string, string> = new Map([
  ["codegemma", "<|fim_prefix|>{prefix}<|fim_suffix|>{suffix}<|fim_middle|>"],
  ["codellama", "<PRE> {prefix} <SUF>{suffix} <MID>"],
  ["codestral", "[SUFFIX]{suffix}[PREFIX]{prefix}"],
  ["deepseek", "<｜fim▁begin｜>{prefix}<｜fim▁hole｜>{suffix}<｜fim▁end｜>"],
  ["granite", "<fim_prefix>{prefix}<fim_suffix>{suffix}<fim_middle>"],
  ["qwen", "<|fim_prefix|>{prefix}<|fim_suffix|>{suffix}<|fim_middle|>"],
  ["starcoder", "<fim_prefix>{prefix}<fim_suffix>{suffix}<fim_middle>"],
]);

/** The form that a family's name stands for, or `setting` itself if it is one; undefined if it is neither. */
export function fimPattern(setting: string): string | undefined {
  const pattern = families.get(setting) ?? setting;
  return pattern.includes("{prefix}") && pattern.includes("{suffix}") ? pattern : undefined;
}

/** The prompt that asks for what stands between `prefix` and `suffix`. */
export function fimPrompt(pattern: string, prefix: string, suffix: string): string {
  // One pass: what the texts say of the marks stays as it is.
  return pattern.replaceAll(/\{prefix\}|\{suffix\}/g, (mark) => (mark === "{prefix}" ? prefix : suffix));
}
