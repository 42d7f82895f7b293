import { ConfigError } from "../core/error.ts";
import { isMapping } from "./path.ts";
import type { YamlPositions } from "./yaml-positions.ts";

const maxDepth = 32;
const maxNodes = 200_000;

/**
 * The mapping that a YAML text holds; a key without a value holds null. Throws `ConfigError`, which starts with
 * `name` and says where the text stops being YAML.
 */
export function parseYaml(text: string, name: string, positions: YamlPositions): Record<string, unknown> {
  let value: unknown;
  try {
    value = Bun.YAML.parse(text);
  } catch (error) {
    const reason =
      error instanceof Error ? error.message.replace(/^YAML Parse error: /, "") : "unknown error";
    const mistake = positions.ofMistake();
    throw new ConfigError(
      mistake === undefined
        ? `${name}: is not valid YAML near line ${faultyLine(text)} (${reason}).`
        : `${name}:${mistake.line}:${mistake.column}: is not valid YAML (${reason}).`,
      { cause: error },
    );
  }
  const tree = copyTree(value ?? {}, name, { nodes: 0 }, 0);
  if (!isMapping(tree)) throw new ConfigError(`${name}: must be a mapping of keys to values.`);
  return tree;
}

/** A copy in which nothing is shared. Bounded, because aliases can make a tree endless or exponential. */
function copyTree(node: unknown, name: string, count: { nodes: number }, depth: number): unknown {
  if (++count.nodes > maxNodes || depth > maxDepth)
    throw new ConfigError(`${name}: is nested too deeply or too large.`);
  if (Array.isArray(node)) return node.map((item) => copyTree(item, name, count, depth + 1));
  if (!isMapping(node)) return node;
  return Object.fromEntries(
    Object.entries(node).map(([key, item]) => [key, copyTree(item, name, count, depth + 1)]),
  );
}

/** The line after the longest beginning that is YAML; the parser itself reports no position. */
function faultyLine(text: string): number {
  const lines = text.split("\n").slice(0, 2_000);
  for (let count = lines.length; count > 0; count--) {
    try {
      Bun.YAML.parse(lines.slice(0, count).join("\n"));
      return Math.min(count + 1, lines.length);
    } catch {
      // Not yet the beginning that is looked for.
    }
  }
  return 1;
}
