/**
 * How the text of a flag or an environment variable becomes a value of the configuration file. A `switch` is a flag
 * without a value; a `template` is a name, or the path of a file.
 */
export type SettingKind = "text" | "integer" | "list" | "milliseconds" | "switch" | "template";

/** One thing that can be set by a flag or an environment variable. */
export interface Setting {
  /** With two dashes and, in angle brackets, what its value is. */
  readonly flag: string;
  readonly group: string;
  readonly help: string;
  /** As the help shows it; absent when there is none. */
  readonly standard?: string;
  /**
   * Where it belongs in the configuration file; absent for what only start-up itself reads. Under `backends` a `*`
   * stands for every backend that flags make, and `kserve*` for those of `--kserve-endpoint`.
   */
  readonly path?: readonly string[];
  readonly kind?: SettingKind;
  /** What is wrong when the mapping that it belongs to is not there. */
  readonly needs?: string;
  /** A second name in the environment, which gives way to the first. */
  readonly alias?: string;
  /** A second name of the flag, with one dash. */
  readonly short?: string;
}
