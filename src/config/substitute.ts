import { isMapping, keyPath } from "./path.ts";
import type { Problem } from "./problems.ts";

export interface Substitution {
  /** A copy with every `${env:NAME}` replaced. */
  value: Readonly<Record<string, unknown>>;
  /** Paths of the texts in which something was replaced. */
  paths: ReadonlySet<string>;
  /** Variables that were asked for. */
  names: ReadonlySet<string>;
  problems: readonly Problem[];
}

/**
 * Replaces `${env:NAME}` in every text of a parsed file. Keys stay as they are, and since parsing is over, a value
 * cannot bring in structure.
 */
export function substitute(
  tree: Readonly<Record<string, unknown>>,
  read: (name: string) => string | undefined,
): Substitution {
  const paths = new Set<string>();
  const names = new Set<string>();
  const problems: Problem[] = [];
  const replace = (text: string, segments: readonly (string | number)[]): string =>
    text.replaceAll(/\$\{env:([^}]*)\}/g, (_, name: string) => {
      paths.add(keyPath(segments));
      names.add(name);
      const found = variableName.test(name) ? read(name) : undefined;
      if (found !== undefined) return found;
      problems.push({
        segments,
        text: variableName.test(name) ? `the variable ${name} is not set` : badName,
      });
      return "";
    });
  const visit = (node: unknown, segments: readonly (string | number)[]): unknown => {
    if (typeof node === "string") return replace(node, segments);
    if (Array.isArray(node)) return node.map((item, index) => visit(item, [...segments, index]));
    return isMapping(node) ? visitAll(node, segments) : node;
  };
  const visitAll = (node: Readonly<Record<string, unknown>>, segments: readonly (string | number)[]) =>
    Object.fromEntries(Object.entries(node).map(([key, item]) => [key, visit(item, [...segments, key])]));
  return { value: visitAll(tree, []), paths, names, problems };
}

const variableName = /^[A-Za-z_][A-Za-z0-9_]*$/;
const badName = "a variable is written ${env:NAME} with letters, digits and underscores";
