const lineBreaks = /[\u0085\u2028\u2029]/g;

/**
 * `text` as a JSON string that stays on one line for every reader: some clients split a stream wherever Unicode
 * allows a line to break.
 */
export function jsonText(text: string): string {
  return onOneLine(JSON.stringify(text));
}

/** The same for an object of JSON values. */
export function jsonObject(fields: Readonly<Record<string, unknown>>): string {
  return onOneLine(JSON.stringify(fields));
}

function onOneLine(json: string): string {
  return json.search(lineBreaks) === -1 ? json : json.replaceAll(lineBreaks, escaped);
}

function escaped(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`;
}
