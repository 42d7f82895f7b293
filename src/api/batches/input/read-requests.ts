import type { JsonRecord } from "../../../core/json.ts";
import { nextTurn } from "../../../core/next-turn.ts";
import { type BodyLimits, parseJson } from "../../../http/body.ts";
import type { Problem } from "../batch.ts";
import { type BrokenLine, decodeLine, type LineRequest } from "./decode-line.ts";
import { type InputLine, readLines } from "./read-lines.ts";

export type RequestLine = Pick<InputLine, "index" | "line"> & (LineRequest | BrokenLine);

/** So long lines are read without a thought for others. */
const maxTurnMs = 2;

export interface ReadOptions {
  endpoint: string;
  limits: BodyLimits;
}

/** What the lines of a file ask; the same for the same bytes whenever it is read. */
export async function* readRequests(
  parts: AsyncIterable<Uint8Array>,
  { endpoint, limits }: ReadOptions,
): AsyncGenerator<RequestLine> {
  const seen = new Set<string>();
  let turnBegan = performance.now();
  for await (const { index, line, bytes } of readLines(parts, limits.maxBodyBytes)) {
    const value = await parse(bytes, limits);
    const decoded = isProblem(value) ? broken(value) : unlessSeen(decodeLine(value.json, endpoint), seen);
    yield { index, line, ...decoded };
    if (performance.now() - turnBegan < maxTurnMs) continue;
    await nextTurn();
    turnBegan = performance.now();
  }
}

type Parsed = { json: JsonRecord } | Problem;

function isProblem(parsed: Parsed): parsed is Problem {
  return "code" in parsed;
}

async function parse(bytes: Uint8Array | undefined, limits: BodyLimits): Promise<Parsed> {
  if (bytes === undefined) {
    return { code: "line_too_large", message: `The line is larger than ${limits.maxBodyBytes} bytes.` };
  }
  try {
    return { json: await parseJson(bytes, limits) };
  } catch {
    return {
      code: "invalid_json_line",
      message: "The line is not one JSON object in UTF-8, is nested too deep or has too many values.",
    };
  }
}

function broken(problem: Problem): BrokenLine {
  return { kind: "broken", problem };
}

/** The first line of an id is asked. */
function unlessSeen(line: LineRequest | BrokenLine, seen: Set<string>): LineRequest | BrokenLine {
  if (line.kind === "broken") return line;
  const { customId } = line;
  if (seen.has(customId)) {
    const message = "A line before this one has the same 'custom_id'.";
    return {
      kind: "broken",
      customId,
      problem: { code: "duplicate_custom_id", message, param: "custom_id" },
    };
  }
  seen.add(customId);
  return line;
}
