import { keyPath } from "./path.ts";
import type { SettingKind } from "./settings.ts";

/** The flag, the variable or the line of a key file from which a value came. */
export interface Label {
  name: string;
  /** How its text became the value. */
  kind?: SettingKind;
}

/** Labels by the path of the value; what has none came from the file. */
export type Labels = ReadonlyMap<string, Label>;

/** Where the values of a configuration came from. */
export interface Origins {
  labels: Labels;
  fileName: string | undefined;
}

/** The label of a value or of what it is part of; undefined for one of the file. */
export function labelOf(segments: readonly (string | number)[], { labels }: Origins): Label | undefined {
  for (let length = segments.length; length > 0; length--) {
    const label = labels.get(keyPath(segments.slice(0, length)));
    if (label !== undefined) return label;
  }
  return undefined;
}

/** A place in the file, under the file's name if there is one. */
export function placeInFile(path: string, fileName: string | undefined): string {
  return fileName === undefined ? path : `${fileName}: ${path}`;
}
