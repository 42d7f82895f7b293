const secrets: readonly (readonly [RegExp, string])[] = [
  [/\b(sk|pk|rk)-[A-Za-z0-9_-]{6,}/g, "$1-***"],
  [/\b(bearer|basic)(\s+)[A-Za-z0-9._~+/=-]{8,}/gi, "$1$2***"],
  [
    /\b(api[-_]?key|authorization|password)(["']?\s*[:=]\s*["']?)(?!bearer\b|basic\b)[^\s"',;&*]{4,}/gi,
    "$1$2***",
  ],
];

/** The line with everything masked that looks like a credential. Linear in its length. */
export function redact(line: string): string {
  let text = line;
  for (const [pattern, replacement] of secrets) text = text.replaceAll(pattern, replacement);
  return text;
}
