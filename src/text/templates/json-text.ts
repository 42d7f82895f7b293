/**
 * JSON with a space after each comma and colon, as Python writes it: the form in which models have seen tools.
 * Takes what came from JSON.
 */
export function toJsonText(value: unknown): string {
  // A line break in the indented form is never part of a string.
  return JSON.stringify(value, null, 1).replaceAll(/,\n */g, ", ").replaceAll(/\n */g, "");
}
