import { keyPath, type Segments } from "./path.ts";
import type { SettingKind } from "./setting.ts";
import type { YamlPositions } from "./yaml-positions.ts";

/** What the operator wrote, where a value is not at its own place in the file. */
export interface Label {
  /** The flag, the variable or the line of a key file from which it came. */
  name?: string;
  /** Another place in the file. */
  at?: Segments;
  /** How its text became the value. */
  kind?: SettingKind;
}

/** Labels by the path of the value; what has none came from the file. */
export type Labels = ReadonlyMap<string, Label>;

/** A configuration file that has been read. */
export interface SourceFile {
  name: string;
  positions: YamlPositions;
}

/** Where the values of a configuration came from. */
export interface Origins {
  labels: Labels;
  file: SourceFile | undefined;
}

/** The label of a value or of what it is part of; undefined for one of the file. */
export function labelOf(segments: Segments, { labels }: Origins): Label | undefined {
  for (let length = segments.length; length > 0; length--) {
    const label = labels.get(keyPath(segments.slice(0, length)));
    if (label !== undefined) return label;
  }
  return undefined;
}

/** The place of a value as the operator wrote it: `--port`, or `a.yaml:3:5: listen.port`. */
export function placeOfValue(segments: Segments, origins: Origins): string {
  const label = labelOf(segments, origins);
  return label?.name ?? placeInFile(label?.at ?? segments, origins.file);
}

/** A place in the file, after the file's name, the line and the column if there is a file. */
export function placeInFile(segments: Segments, file: SourceFile | undefined): string {
  const path = keyPath(segments);
  if (file === undefined) return path;
  const position = file.positions.of(segments);
  return position === undefined
    ? `${file.name}: ${path}`
    : `${file.name}:${position.line}:${position.column}: ${path}`;
}
