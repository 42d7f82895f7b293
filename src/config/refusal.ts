import { ConfigError } from "../core/error.ts";
import { labelOf, placeInFile, placeOfValue, type Label, type Origins } from "./origins.ts";
import { parseKeyPath } from "./path.ts";
import type { Problem } from "./problems.ts";
import { describeDurations } from "../core/quantity.ts";

/** Problems of values that have the same origins. */
export interface Findings {
  origins: Origins;
  problems: readonly Problem[];
}

/**
 * Throws `ConfigError` with one line for each place that has a problem, named as the operator wrote it: the flag or
 * the variable from which the value came, otherwise the file's name, the line, the column and the path in it. Of
 * several problems of one place the first counts.
 */
export function refuse(findings: readonly Findings[]): never {
  const lines = new Map<string, string>();
  for (const { origins, problems } of findings) {
    for (const problem of problems) {
      const place = placeOfValue(problem.segments, origins);
      const text = wording(problem, labelOf(problem.segments, origins));
      if (!lines.has(place)) lines.set(place, `${place}: ${text}${text.endsWith("?") ? "" : "."}`);
    }
  }
  const [first = "The configuration is not valid.", ...more] = lines.values();
  if (more.length === 0) throw new ConfigError(first);
  throw new ConfigError(`${lines.size} problems in the configuration:\n  ${[first, ...more].join("\n  ")}`);
}

/**
 * An error of those who use the configuration as `refuse` would word it, if it starts with a path of one of the
 * `sections`; any other as it is.
 */
export function relabel(error: ConfigError, origins: Origins, sections: ReadonlySet<string>): ConfigError {
  const lines = error.message.split("\n").map((line) => relabelLine(line, origins, sections));
  return new ConfigError(lines.join("\n"), { cause: error });
}

function relabelLine(line: string, { labels, file }: Origins, sections: ReadonlySet<string>): string {
  const path = startingPath.exec(line)?.[0] ?? "";
  if (!sections.has(/^[^.[]*/.exec(path)?.[0] ?? "")) return line;
  const rest = line.slice(path.length).replace(/^:? */, "");
  let part = path;
  while (part !== "" && !labels.has(part)) part = part.slice(0, Math.max(part.lastIndexOf("."), 0));
  const label = labels.get(part);
  const place = label?.name ?? placeInFile(label?.at ?? parseKeyPath(path), file);
  return `${place}: ${rest}`;
}

/** A path holds no space. */
const startingPath = /^\S*?(?=:?(?:\s|$))/;

/** A flag that takes a duration for a number of milliseconds is told in durations what it takes. */
function wording({ text, bounds }: Problem, label: Label | undefined): string {
  if (bounds === undefined || label?.kind !== "milliseconds") return text;
  return `must be ${describeDurations(bounds.minimum, bounds.maximum)}`;
}
