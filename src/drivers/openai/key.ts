/** The value of the first of the variables that is set and not empty. */
export function findKey(
  names: readonly string[],
  variable: (name: string) => string | undefined,
): string | undefined {
  for (const name of names) {
    const value = variable(name)?.trim();
    if (value !== undefined && value !== "") return value;
  }
  return undefined;
}

/** `GEMINI_API_KEY (or GOOGLE_API_KEY)`. */
export function keySentence([first = "", ...others]: readonly string[]): string {
  return others.length === 0 ? first : `${first} (or ${others.join(", ")})`;
}
