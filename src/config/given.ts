import { readSwitch, readVariable, type Environment } from "./environment.ts";
import { parseDuration } from "../core/quantity.ts";
import type { Setting } from "./setting.ts";
import { environmentNames, flagName, settings } from "./settings.ts";

/** Texts of the command line by flag (`--port`); a repeated flag of kind `list` has several. */
export type Flags = Readonly<Record<string, readonly string[]>>;

/** A setting that a flag or a variable gives. */
export interface Given {
  setting: Setting;
  /** The flag or the variable, as the operator wrote its name. */
  label: string;
  fromFlag: boolean;
  texts: readonly string[];
}

/** What is given for one setting; flags come before variables. */
export function readGiven(
  flag: string,
  flags: Flags,
  environments: readonly Environment[],
): Given | undefined {
  const setting = settings.find((candidate) => flagName(candidate) === flag);
  return setting === undefined ? undefined : given(setting, flags, environments);
}

/** Everything that is given. Of several environments the first that has a variable wins. */
export function readAllGiven(flags: Flags, environments: readonly Environment[]): Given[] {
  return settings.flatMap((setting) => given(setting, flags, environments) ?? []);
}

/** The value in the form of the configuration file; what cannot be read stays text, for the schema to refuse. */
export function toFileValue({ setting, texts }: Given): unknown {
  const text = texts.at(-1) ?? "";
  switch (setting.kind ?? "text") {
    case "text":
      return text;
    case "integer":
      return /^\s*-?\d{1,15}\s*$/.test(text) ? Number(text) : text;
    case "milliseconds":
      return parseDuration(text) ?? text;
    case "switch":
      return readSwitch(text) ?? text;
    case "template":
      return isTemplateFile(text) ? { file: text } : text;
    case "list":
      return texts.flatMap((part) => part.split(",")).flatMap((part) => part.trim() || []);
  }
}

function isTemplateFile(text: string): boolean {
  return /[/\\]|\.(json|jinja2?|j2|txt)$/i.test(text);
}

function given(setting: Setting, flags: Flags, environments: readonly Environment[]): Given | undefined {
  const flag = flagName(setting);
  const texts = flags[flag];
  if (texts !== undefined) return { setting, label: flag, fromFlag: true, texts };
  for (const label of environmentNames(setting)) {
    for (const environment of environments) {
      const text = readVariable(environment, label);
      if (text !== undefined) return { setting, label, fromFlag: false, texts: [text] };
    }
  }
  return undefined;
}
