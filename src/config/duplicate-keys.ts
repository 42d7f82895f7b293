import { isMapping } from "./path.ts";
import type { Problem } from "./problems.ts";

/**
 * Keys that stand twice in one mapping of a YAML text, of which the parser silently takes the last.
 *
 * Every key gets a mark of its own in a copy of the text, so that the parser keeps them all apart; marks in texts and
 * comments do no harm. Not found: keys in the rare form `? key`, and anything in a text that names a key by an alias.
 */
export function findDuplicateKeys(text: string): Problem[] {
  try {
    const problems: Problem[] = [];
    visit(Bun.YAML.parse(markKeys(text)), [], { problems, seen: new Set() });
    return problems;
  } catch {
    return [];
  }
}

/** A private character, the line and a running number. */
const marks = /\uE000(\d+)\.\d+/g;

/** Ends of keys: a colon before a space, a line's end or a closing bracket, or after a quote. */
const keyEnds = /(?<=\S)(?:(["']?[ \t]*):(?=[\s,}\]]|$)|(["'][ \t]*):)/g;

function markKeys(text: string): string {
  let count = 0;
  return text
    .split("\n")
    .map((line, index) =>
      line.replaceAll(keyEnds, (_, end: string | undefined, quotedEnd: string | undefined) => {
        count++;
        return `\uE000${index + 1}.${count}${end ?? quotedEnd ?? ""}:`;
      }),
    )
    .join("\n");
}

interface Visit {
  problems: Problem[];
  /** An alias brings the same node again. */
  seen: Set<unknown>;
}

function visit(node: unknown, segments: readonly (string | number)[], { problems, seen }: Visit): void {
  if (typeof node !== "object" || node === null || seen.has(node)) return;
  seen.add(node);
  if (Array.isArray(node)) {
    for (const [index, item] of node.entries()) visit(item, [...segments, index], { problems, seen });
    return;
  }
  if (!isMapping(node)) return;
  const known = new Set<string>();
  const told = new Set<string>();
  for (const [marked, item] of Object.entries(node)) {
    const key = marked.replaceAll(marks, "");
    const path = [...segments, key];
    // A mapping may merge several others.
    if (known.has(key) && !told.has(key) && key !== "<<") {
      const line = [...marked.matchAll(marks)].at(-1)?.[1] ?? "";
      problems.push({ segments: path, text: `is given again in line ${line}` });
      told.add(key);
    }
    known.add(key);
    visit(item, path, { problems, seen });
  }
}
