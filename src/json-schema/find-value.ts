import type { Misfit } from "./validator.ts";

export type Found = { isFit: true; start: number; end: number } | ({ isFit: false } & Misfit);

type Check = (value: unknown) => Misfit | undefined;

/** The JSON value that `text` is, if `check` finds nothing wrong with it. */
export function matchValue(text: string, check: Check): Found {
  const parsed = parse(text);
  return parsed === undefined ? { isFit: false, ...noJson } : judged(parsed.json, text.length, check);
}

/**
 * The JSON value in `text`: the text itself, what is in the code fence that the text is, or the one object or array
 * in it that `check` finds nothing wrong with. Two of those are none: nobody can say which is meant. Takes time
 * linear in the text.
 */
export function findValue(text: string, check: Check): Found {
  const whole = parse(text);
  if (whole !== undefined) return judged(whole.json, text.length, check);
  const fenced = fenceIn(text);
  const candidates = fenced === undefined ? valuesIn(text) : [fenced];
  const fits: Span[] = [];
  let misfit: Misfit | undefined;
  for (const span of candidates) {
    const parsed = parse(text.slice(span.start, span.end));
    if (parsed === undefined) continue;
    const wrong = check(parsed.json);
    if (wrong === undefined) fits.push(span);
    else misfit ??= wrong;
  }
  if (fits.length > 1) return { isFit: false, path: "", message: "has more than one JSON value" };
  const [fit] = fits;
  return fit === undefined ? { isFit: false, ...(misfit ?? noJson) } : { isFit: true, ...fit };
}

function judged(value: unknown, length: number, check: Check): Found {
  const misfit = check(value);
  return misfit === undefined ? { isFit: true, start: 0, end: length } : { isFit: false, ...misfit };
}

const noJson: Misfit = { path: "", message: "is not valid JSON" };

function parse(text: string): { json: unknown } | undefined {
  try {
    return { json: JSON.parse(text) };
  } catch {
    return undefined;
  }
}

interface Span {
  start: number;
  end: number;
}

/** What is inside of the one code fence that the whole text is. */
function fenceIn(text: string): Span | undefined {
  const opening = /^\s*```[A-Za-z]*[ \t]*\r?\n/.exec(text.slice(0, 256));
  if (opening === null) return undefined;
  const start = opening[0].length;
  const end = text.trimEnd().length - 3;
  if (end < start || !text.startsWith("```", end)) return undefined;
  return text.slice(start, end).includes("\n```") ? undefined : { start, end };
}

const maxValues = 64;
/** Brackets that are open at once. What goes deeper is not looked through. */
const maxOpen = 65_536;

const quote = 0x22;
const backslash = 0x5c;
const newline = 0x0a;

/**
 * Where brackets open and close as those of an object or array do, from left to right, none in another; brackets that
 * do not close count for nothing. One pass.
 */
function valuesIn(text: string): Span[] {
  const open: number[] = [];
  const spans: Span[] = [];
  for (let at = 0; at < text.length; at++) {
    switch (text.charCodeAt(at)) {
      case quote:
        // Outside of brackets, quotes are those of the words.
        if (open.length > 0) at = endOfString(text, at);
        break;
      case 0x7b: // {
      case 0x5b: // [
        if (open.push(at) > maxOpen) return [];
        break;
      case 0x7d: // }
      case 0x5d: {
        const start = open.pop();
        if (start === undefined) break;
        while ((spans.at(-1)?.start ?? -1) > start) spans.pop();
        if (spans.push({ start, end: at + 1 }) > maxValues && open.length === 0) return spans;
      }
    }
  }
  return spans.slice(0, maxValues);
}

/** Place of the quote that ends the string at `start`, or of the line's end: a JSON string has no line break in it. */
function endOfString(text: string, start: number): number {
  for (let at = start + 1; at < text.length; at++) {
    const unit = text.charCodeAt(at);
    if (unit === quote || unit === newline) return at;
    if (unit === backslash) at++;
  }
  return text.length;
}
