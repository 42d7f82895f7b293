/** The middle of some measurements, and how far they lie apart. */
export interface Statistic {
  median: number;
  min: number;
  max: number;
}

export function statistic(values: readonly number[]): Statistic | undefined {
  const sorted = values.toSorted((a, b) => a - b);
  const [min] = sorted;
  const max = sorted.at(-1);
  const upper = sorted[sorted.length >> 1];
  const lower = sorted[(sorted.length - 1) >> 1];
  if (min === undefined || max === undefined || upper === undefined || lower === undefined) return undefined;
  return { median: (lower + upper) / 2, min, max };
}

/** `median (min–max)`, scaled; a dash when nothing was measured. */
export function show(values: readonly number[], digits: number, scale = 1): string {
  const found = statistic(values);
  if (found === undefined) return "–";
  const text = (value: number) => grouped(value * scale, digits);
  if (values.length === 1) return text(found.median);
  return `${text(found.median)} (${text(found.min)}–${text(found.max)})`;
}

export function grouped(value: number, digits: number): string {
  return value.toLocaleString("en-US", { minimumFractionDigits: digits, maximumFractionDigits: digits });
}
