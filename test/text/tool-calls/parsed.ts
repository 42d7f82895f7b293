import type { JsonSchema } from "../../../src/core/generation.ts";
import type { AnswerPiece, ToolCallFormat, ToolCallParser } from "../../../src/text/tool-calls/format.ts";

/** An answer as it reads once its pieces are put together: texts, and calls as `[name, arguments]` or with an id. */
export type Parsed = string | [name: string, args: string, id?: string];

export const tools: ReadonlySet<string> = new Set(["get_weather", "add", "now"]);

/** What `format` makes of an answer that comes in `pieces`. */
export function parse(
  format: ToolCallFormat,
  pieces: readonly string[],
  names: ReadonlySet<string> = tools,
  schemaOf?: (name: string) => JsonSchema | undefined,
): Parsed[] {
  return parseWith(format.createParser(names, schemaOf), pieces);
}

/** Throws if arguments come without a call. */
export function parseWith(parser: ToolCallParser, pieces: readonly string[]): Parsed[] {
  const out: AnswerPiece[] = [];
  for (const piece of pieces) parser.push(piece, out);
  parser.end(out);
  const parsed: Parsed[] = [];
  for (const piece of out) {
    const last = parsed.at(-1);
    if (piece.type === "call") {
      parsed.push(piece.id === undefined ? [piece.name, ""] : [piece.name, "", piece.id]);
    } else if (piece.type === "text") {
      if (typeof last === "string") parsed[parsed.length - 1] = last + piece.text;
      else parsed.push(piece.text);
    } else {
      if (!Array.isArray(last)) throw new Error("arguments without a call");
      last[1] += piece.text;
    }
  }
  return parsed;
}

/** `text` in pieces that end at `places`. */
export function cutAt(text: string, places: readonly number[]): string[] {
  const ends = [...places.map((place) => place % (text.length + 1)).toSorted((a, b) => a - b), text.length];
  return ends.map((end, index) => text.slice(ends[index - 1] ?? 0, end));
}

export function shortestTimeMs(times: number, work: () => unknown): number {
  let shortest = Infinity;
  for (let time = 0; time < times; time++) {
    const started = performance.now();
    work();
    shortest = Math.min(shortest, performance.now() - started);
  }
  return shortest;
}
