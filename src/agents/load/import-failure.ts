import { readFileSync } from "node:fs";
import { frameOf } from "./frame.ts";
import { kitName } from "./kit-name.ts";
import { importedBy, isOfAgents, resolve, withoutVersion } from "./modules.ts";

/** Of one file; what comes after is mostly a consequence. */
const maxProblems = 3;
/** Of exports that are there. */
const maxNames = 40;

/**
 * Why a file could not be imported: sentences for the operator, each led by the place, `file:line:column` where that is
 * known. The place may be in a file that was imported. `kit` is what agent files import from "oai-serve".
 */
export function describeImportFailure(
  file: string,
  thrown: unknown,
  kit: Readonly<Record<string, unknown>>,
): readonly string[] {
  const errors = thrown instanceof AggregateError ? thrown.errors.slice(0, maxProblems) : [thrown];
  return errors.map((error: unknown) => describe(file, error, kit));
}

function describe(file: string, error: unknown, kit: Readonly<Record<string, unknown>>): string {
  if (!(error instanceof Error)) return `${file}: it threw something that is no Error.`;
  const position: unknown = Reflect.get(error, "position");
  if (typeof position === "object" && position !== null) {
    return `${placeOf(position, file)}: ${sentence(error.message)}`;
  }
  const missing: unknown = Reflect.get(error, "specifier");
  if (typeof missing === "string") return describeMissingModule(file, missing, error);
  const missingExport = /^Export named '(.+)' not found in module '(.+)'\.$/s.exec(error.message);
  if (missingExport !== null) {
    const [, name = "", module = ""] = missingExport;
    const target = withoutVersion(module);
    const there = target === kitName ? Object.keys(kit) : exportsOf(target);
    return `${placeOfImport(file, name, target)}: '${target}' has no export of the name '${name}'.${listOf(there)}`;
  }
  return `${frameOf(error) ?? file}: ${error.name}: ${sentence(error.message)}`;
}

function placeOf(position: object, file: string): string {
  const [path, line, column] = ["file", "line", "column"].map((key): unknown => Reflect.get(position, key));
  return `${typeof path === "string" && path !== "" ? withoutVersion(path) : file}:${String(line)}:${String(column)}`;
}

function describeMissingModule(file: string, specifier: string, error: Error): string {
  const referrer: unknown = Reflect.get(error, "referrer");
  const importer = typeof referrer === "string" && isOfAgents(referrer) ? withoutVersion(referrer) : file;
  const what = /^[./]/.test(specifier) ? "there is no such file" : "that package is not installed";
  return `${placeOfText(importer, [specifier])}: cannot import '${specifier}': ${what}.`;
}

/** The error does not say who asked for the export. */
function placeOfImport(file: string, name: string, target: string): string {
  const asks = importedBy([file]).find((importer) =>
    importedNames(importer).some(
      ({ names, from }) => names.has(name) && (from === target || resolve(from, importer) === target),
    ),
  );
  return placeOfText(asks ?? file, [name]);
}

function listOf(names: readonly string[]): string {
  const rest = names.length - maxNames;
  if (names.length === 0) return "";
  return ` It has: ${names.slice(0, maxNames).join(", ")}${rest > 0 ? ` and ${rest} more` : ""}.`;
}

/** In the order of their names; none if they cannot be told. */
function exportsOf(file: string): readonly string[] {
  try {
    const scanner = new Bun.Transpiler({ loader: file.endsWith("x") ? "tsx" : "ts" });
    return scanner.scan(textOf(file)).exports.toSorted();
  } catch {
    return [];
  }
}

function importedNames(file: string): { names: ReadonlySet<string>; from: string }[] {
  const statements = /\b(?:import|export)\s+([\w*\s{},$]+?)\s+from\s*["']([^"']+)["']/g;
  return [...textOf(file).matchAll(statements)].map(([, names = "", from = ""]) => ({
    names: new Set(names.match(/[\w$]+/g)),
    from,
  }));
}

/** `file:line` of the first line that has all of `texts`; only the file if none has. */
function placeOfText(file: string, texts: readonly string[]): string {
  const line = textOf(file)
    .split("\n")
    .findIndex((candidate) => texts.every((text) => candidate.includes(text)));
  return line === -1 ? file : `${file}:${line + 1}`;
}

function textOf(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return "";
  }
}

function sentence(message: string): string {
  const [line = ""] = message.trim().split("\n");
  return /[.!?]$/.test(line) ? line : `${line}.`;
}
