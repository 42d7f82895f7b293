import { ConfigError } from "../core/error.ts";
import { keyPath } from "./path.ts";
import type { Problem } from "./problems.ts";

/**
 * Throws `ConfigError` with one line for each place that has a problem, named as the operator wrote it: the flag or
 * the variable that `labels` has for the path, otherwise the file's name and the path in it.
 */
export function refuse(
  problems: readonly Problem[],
  labels: ReadonlyMap<string, string>,
  fileName: string | undefined,
): never {
  const lines = new Map<string, string>();
  for (const { segments, text } of problems) {
    const place = placeOf(segments, labels, fileName);
    if (!lines.has(place)) lines.set(place, `${place}: ${text}${text.endsWith("?") ? "" : "."}`);
  }
  const [first = "The configuration is not valid.", ...more] = lines.values();
  if (more.length === 0) throw new ConfigError(first);
  throw new ConfigError(`${lines.size} problems in the configuration:\n  ${[first, ...more].join("\n  ")}`);
}

/** A driver's error, which starts with a path of the configuration, as `refuse` would name its place. */
export function relabel(
  error: ConfigError,
  labels: ReadonlyMap<string, string>,
  fileName: string | undefined,
): ConfigError {
  const [path = ""] = error.message.split(/[: ]/, 1);
  const rest = error.message.slice(path.length);
  const label = labels.get(path) ?? (fileName === undefined ? path : `${fileName}: ${path}`);
  return new ConfigError(label + rest, { cause: error });
}

function placeOf(
  segments: readonly (string | number)[],
  labels: ReadonlyMap<string, string>,
  fileName: string | undefined,
): string {
  for (let length = segments.length; length > 0; length--) {
    const label = labels.get(keyPath(segments.slice(0, length)));
    if (label !== undefined) return label;
  }
  return fileName === undefined ? keyPath(segments) : `${fileName}: ${keyPath(segments)}`;
}
