const durationUnits = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000 } as const;

const sizeUnits = {
  b: 1,
  kb: 1_000,
  mb: 1_000_000,
  gb: 1_000_000_000,
  kib: 1_024,
  mib: 1_048_576,
  gib: 1_073_741_824,
} as const;

/** Milliseconds of `500ms`, `5s`, `1.5m`, `1h` or a plain number of seconds; undefined when it is none of them. */
export function parseDuration(value: unknown): number | undefined {
  return parse(value, durationUnits, durationUnits.s);
}

/** Bytes of `32MiB`, `10MB`, `64KiB` or a plain number of bytes; undefined when it is none of them. */
export function parseSize(value: unknown): number | undefined {
  return parse(value, sizeUnits, sizeUnits.b);
}

/** The shortest exact form of a number of milliseconds: `500ms`, `90s`, `10m`. */
export function formatDuration(milliseconds: number): string {
  return format(milliseconds, [
    ["h", durationUnits.h],
    ["m", durationUnits.m],
    ["s", durationUnits.s],
    ["ms", durationUnits.ms],
  ]);
}

/** The durations between two numbers of milliseconds, for a person. */
export function describeDurations(minimum: number, maximum: number): string {
  const examples = ["500ms", "5s", "10m", "1h"].filter((text) => {
    const milliseconds = parseDuration(text) ?? 0;
    return milliseconds >= minimum && milliseconds <= maximum;
  });
  const range = `a duration from ${formatDuration(minimum)} to ${formatDuration(maximum)}`;
  return examples.length === 0
    ? range
    : `${range}, such as ${examples.join(", ").replace(/, (\S+)$/, " or $1")}`;
}

/** The shortest exact form of a number of bytes: `32MiB`, `1000B`. */
export function formatSize(bytes: number): string {
  return format(bytes, [
    ["GiB", sizeUnits.gib],
    ["MiB", sizeUnits.mib],
    ["KiB", sizeUnits.kib],
    ["B", sizeUnits.b],
  ]);
}

function parse(value: unknown, units: Readonly<Record<string, number>>, plain: number): number | undefined {
  if (typeof value === "number") return whole(value * plain);
  if (typeof value !== "string") return undefined;
  const match = /^\s*(\d{1,15}(?:\.\d{1,9})?)\s*([a-z]{0,3})\s*$/i.exec(value);
  if (match === null) return undefined;
  const unit = (match[2] ?? "").toLowerCase();
  const factor = unit === "" ? plain : Object.hasOwn(units, unit) ? units[unit] : undefined;
  return factor === undefined ? undefined : whole(Number(match[1]) * factor);
}

function whole(value: number): number | undefined {
  const rounded = Math.round(value);
  return Number.isSafeInteger(rounded) && rounded >= 0 ? rounded : undefined;
}

function format(value: number, units: readonly (readonly [string, number])[]): string {
  const unit = units.find(([, factor]) => value >= factor && value % factor === 0) ?? units.at(-1);
  return unit === undefined ? String(value) : `${value / unit[1]}${unit[0]}`;
}
