import { parse, tokenize } from "@huggingface/jinja";
import type { Program } from "./ast.ts";

/** The template cannot be read. The message says near which line, and what is wrong there. */
export class TemplateSyntaxError extends Error {
  override readonly name = "TemplateSyntaxError";
}

const maxCharacters = 1_048_576;
/** The library's time for a run of spaces grows with its square. */
const maxSpaces = 1_000;

/** Reads a template as Hugging Face's tokenizers do. Throws `TemplateSyntaxError`. */
export function compileTemplate(source: string): Program {
  if (source.length > maxCharacters) throw new TemplateSyntaxError("the template is longer than 1 MiB");
  if (new RegExp(`\\s{${maxSpaces + 1}}`).test(source)) {
    throw new TemplateSyntaxError(`the template has more than ${maxSpaces} spaces or empty lines in a row`);
  }
  try {
    return parse(readTokens(source));
  } catch (error) {
    throw new TemplateSyntaxError(`near line ${faultyLine(source)}: ${reason(error)}`, { cause: error });
  }
}

type Token = ReturnType<typeof tokenize>[number];

function readTokens(source: string): Token[] {
  return tokenize(source, { lstrip_blocks: true, trim_blocks: true });
}

/** The library does not say where it stopped: the place is that of the last token that it looked at. */
function faultyLine(source: string): number {
  let tokens: readonly Token[];
  try {
    tokens = readTokens(source);
  } catch {
    return faultyTokenLine(source.split("\n"));
  }
  const seen = lastTokenSeen(tokens);
  let position = 0;
  for (const { value } of tokens.slice(0, seen + 1)) {
    const found = source.indexOf(value.trim(), position);
    if (found !== -1) position = found;
  }
  return source.slice(0, position).split("\n").length;
}

/** The first line with which the text before it cannot be read any more. */
function faultyTokenLine(lines: readonly string[]): number {
  let [good, bad] = [0, lines.length];
  while (bad - good > 1) {
    const middle = Math.floor((good + bad) / 2);
    if (isReadable(lines.slice(0, middle).join("\n"))) good = middle;
    else bad = middle;
  }
  return bad;
}

function isReadable(source: string): boolean {
  try {
    readTokens(source);
    return true;
  } catch {
    return false;
  }
}

function lastTokenSeen(tokens: readonly Token[]): number {
  let last = 0;
  const watched = new Proxy([...tokens], {
    get(target, key) {
      const index = typeof key === "string" ? Number(key) : Number.NaN;
      if (Number.isInteger(index) && index < target.length) last = Math.max(last, index);
      return Reflect.get(target, key);
    },
  });
  try {
    parse(watched);
  } catch {
    // The fault is known; here only its place is looked for.
  }
  return last;
}

function reason(error: unknown): string {
  if (error instanceof RangeError) return "it is nested too deeply";
  // The library runs past the end when a block is not closed.
  if (error instanceof TypeError) return "a block is not closed";
  const text = error instanceof Error ? error.message : String(error);
  return text.replace(/^Parser Error: /, "").slice(0, 200);
}
