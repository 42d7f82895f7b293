/** Longer texts quote what the client sent, or traces. */
const maxLength = 500;

const patterns: readonly [RegExp, string][] = [
  [/\p{Cc}+/gu, " "],
  [/\bbearer\s+\S+/gi, "[credentials]"],
  [/\b(?:sk|pk|rk|gsk|xai|hf|csk|nvapi|tgp|fw|org|proj|key|AIza)[-_]?[\w*.-]{8,}/g, "[credentials]"],
  [/\b[a-z][a-z0-9+.-]{1,15}:\/\/[^\s"'<>)\]]+/gi, "[address]"],
  [/\[[0-9a-f:.]{2,45}\](?::\d+)?|\b(?:[0-9a-f]{1,4}::?){2,7}[0-9a-f]{1,4}\b/gi, "[address]"],
  [/\b\d{1,3}(?:\.\d{1,3}){3}(?::\d+)?\b/g, "[address]"],
  [/\b(?:localhost|[\w-]+(?:\.[\w-]+)+):\d{2,5}\b/gi, "[address]"],
  [/(?<![\w.])(?:\/[\w.@-]+){2,}/g, "[path]"],
];

/**
 * A server's own words without what is nobody else's business: credentials, among them `secrets`, addresses and paths.
 * On one line, and short.
 */
export function redact(text: string, secrets: readonly string[]): string {
  let plain = text.slice(0, maxLength * 4);
  for (const secret of secrets) if (secret !== "") plain = plain.replaceAll(secret, "[credentials]");
  for (const [pattern, substitute] of patterns) plain = plain.replaceAll(pattern, substitute);
  plain = plain.replaceAll(/ {2,}/g, " ").trim();
  return plain.length > maxLength ? `${plain.slice(0, maxLength - 1).toWellFormed()}…` : plain;
}
