/** The header that tells which fields of the request had no effect; none when all had. */
export function ignoredHeader(names: readonly string[]): Record<string, string> {
  return names.length === 0 ? {} : { "x-oai-serve-ignored-params": names.join(", ") };
}
