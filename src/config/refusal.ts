import { ConfigError } from "../core/error.ts";
import { labelOf, placeInFile, type Label, type Origins } from "./origins.ts";
import { keyPath } from "./path.ts";
import type { Problem } from "./problems.ts";
import { describeDurations } from "./quantity.ts";

/** Problems of values that have the same origins. */
export interface Findings {
  origins: Origins;
  problems: readonly Problem[];
}

/**
 * Throws `ConfigError` with one line for each place that has a problem, named as the operator wrote it: the flag or
 * the variable from which the value came, otherwise the file's name and the path in it. Of several problems of one
 * place the first counts.
 */
export function refuse(findings: readonly Findings[]): never {
  const lines = new Map<string, string>();
  for (const { origins, problems } of findings) {
    for (const problem of problems) {
      const label = labelOf(problem.segments, origins);
      const place = label?.name ?? placeInFile(keyPath(problem.segments), origins.fileName);
      const text = wording(problem, label);
      if (!lines.has(place)) lines.set(place, `${place}: ${text}${text.endsWith("?") ? "" : "."}`);
    }
  }
  const [first = "The configuration is not valid.", ...more] = lines.values();
  if (more.length === 0) throw new ConfigError(first);
  throw new ConfigError(`${lines.size} problems in the configuration:\n  ${[first, ...more].join("\n  ")}`);
}

/** A driver's error, which starts with a path of the configuration, as `refuse` would word it. */
export function relabel(error: ConfigError, { labels, fileName }: Origins): ConfigError {
  const path = startingPath.exec(error.message)?.[0] ?? "";
  const rest = error.message.slice(path.length).replace(/^:? */, "");
  let part = path;
  while (part !== "" && !labels.has(part)) part = part.slice(0, Math.max(part.lastIndexOf("."), 0));
  const place = labels.get(part)?.name ?? placeInFile(path, fileName);
  return new ConfigError(`${place}: ${rest}`, { cause: error });
}

/** A path holds no space. */
const startingPath = /^\S*?(?=:?(?:\s|$))/;

/** A flag that takes a duration for a number of milliseconds is told in durations what it takes. */
function wording({ text, bounds }: Problem, label: Label | undefined): string {
  if (bounds === undefined || label?.kind !== "milliseconds") return text;
  return `must be ${describeDurations(bounds.minimum, bounds.maximum)}`;
}
