import { createLinearRegExp } from "../../../json-schema/linear-regexp.ts";
import { read, readNumber, type Keywords } from "./keywords.ts";
import type { Place, Plan } from "./place.ts";
import { textByFormat, textFor } from "./sample-text.ts";

/** A plan for a text that looks like what its property is called, where pattern and format leave that open. */
export function toTextPlan(keywords: Keywords, place: Place): Plan | undefined {
  const format = read(keywords, "format");
  const known = typeof format === "string" ? textByFormat(format, place.index) : undefined;
  if (known !== undefined) return { const: known };
  const pattern = read(keywords, "pattern");
  const minLength = readNumber(keywords, "minLength", 0);
  const maxLength = readNumber(keywords, "maxLength", Infinity);
  const sample = textFor(place.name, read(keywords, "description"), {
    minLength,
    maxLength,
    index: place.index,
  });
  if (typeof pattern !== "string" || createLinearRegExp(pattern).test(sample)) return { const: sample };
  if (!isSmallPattern(pattern)) return undefined;
  return {
    type: "string",
    pattern,
    ...(minLength > 0 && { minLength }),
    ...(maxLength < Infinity && { maxLength }),
  };
}

const maxRepeats = 2_000;

/** The generator repeats as a pattern says, and repeats of repeats multiply. All are taken as nested, to be sure. */
function isSmallPattern(pattern: string): boolean {
  if (pattern.length > 200) return false;
  const outer = [...pattern.matchAll(/\)(?:\{(\d+)(?:,(\d*))?\}|[*+])/g)].map(toCount);
  const inner = [...pattern.matchAll(/[^)](?:\{(\d+)(?:,(\d*))?\}|[*+])/g)].map(toCount);
  return outer.reduce((product, count) => product * count, Math.max(1, ...inner)) <= maxRepeats;
}

/** How often the generator repeats more than it must where a pattern sets no end. */
const openRepeats = 5;

function toCount([, lowest = "", highest = lowest]: RegExpExecArray): number {
  return highest === "" ? Number(lowest) + openRepeats : Number(highest);
}

/** A plan for a small number in range, whole if one is allowed. */
export function toNumberPlan(keywords: Keywords, place: Place): Plan | undefined {
  const isInteger = [read(keywords, "type")].flat().includes("integer");
  const multipleOf = readNumber(keywords, "multipleOf", 0);
  const lowest = Math.max(
    readNumber(keywords, "minimum", -Infinity),
    justAbove(readNumber(keywords, "exclusiveMinimum", -Infinity)),
  );
  const highest = Math.min(
    readNumber(keywords, "maximum", Infinity),
    -justAbove(-readNumber(keywords, "exclusiveMaximum", Infinity)),
  );
  if (lowest > highest) return undefined;

  const step = multipleOf > 0 ? multipleOf : 1;
  const start = Math.min(Math.max(lowest, Math.min(1, highest)), highest);
  const candidates = [
    // Also where a fraction is asked for: a multiple such as 3 * 0.1 is none in binary.
    Math.ceil(start) + place.index,
    Math.ceil(start / step) * step + place.index * step,
    Math.floor(highest / step) * step,
    ...(isInteger ? [] : [lowest + ((highest - lowest) * (place.index + 1)) / (place.index + 2)]),
  ];
  const value = candidates.find(
    (number) =>
      number >= lowest && number <= highest && (multipleOf === 0 || Number.isInteger(number / multipleOf)),
  );
  return value === undefined ? undefined : { const: value };
}

/** The next number after `value` that is clearly larger, and short to write where that is possible. */
function justAbove(value: number): number {
  if (!Number.isFinite(value)) return value;
  return value + Math.max(Math.abs(value), 1) * 2 ** -40;
}
