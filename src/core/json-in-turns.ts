import { endOfPart } from "./code-points.ts";
import { isRecord } from "./json.ts";
import { nextTurn } from "./next-turn.ts";

/**
 * JSON text of `value`, which came from JSON, as `JSON.stringify` writes it. Large values take several turns of the
 * event loop, each about a millisecond. Rejects with the reason of `signal` when that aborts between two of them.
 */
export async function stringifyInTurns(value: unknown, signal?: AbortSignal): Promise<string> {
  let text = "";
  let turn = 0;
  for (const piece of piecesOf(value)) {
    text += piece;
    turn += piece.length + charactersForEach;
    if (turn < charactersATurn) continue;
    turn = 0;
    await nextTurn();
    signal?.throwIfAborted();
  }
  return text;
}

const charactersATurn = 524_288;
/** What a value costs besides its characters, in the time of so many. */
const charactersForEach = 32;
/** What is written in one go costs at most that much. */
const charactersAPiece = 65_536;

function* piecesOf(value: unknown): Generator<string> {
  if (costOf(value, charactersAPiece) <= charactersAPiece) yield JSON.stringify(value);
  else if (typeof value === "string") yield* piecesOfText(value);
  else if (Array.isArray(value)) {
    let before = "[";
    for (const element of value) {
      yield before;
      yield* piecesOf(element);
      before = ",";
    }
    yield "]";
  } else if (isRecord(value)) {
    let before = "{";
    for (const key of Object.keys(value)) {
      yield before;
      yield* piecesOf(key);
      yield ":";
      yield* piecesOf(value[key]);
      before = ",";
    }
    yield "}";
  }
}

function* piecesOfText(text: string): Generator<string> {
  yield '"';
  let start = 0;
  while (start < text.length) {
    const end = endOfPart(text, start, charactersAPiece);
    yield JSON.stringify(text.slice(start, end)).slice(1, -1);
    start = end;
  }
  yield '"';
}

/** About how much it takes to write `value`; not counted on once it is more than `most`. */
function costOf(value: unknown, most: number): number {
  if (typeof value === "string") return value.length + charactersForEach;
  let cost = charactersForEach;
  if (Array.isArray(value)) {
    for (let index = 0; index < value.length && cost <= most; index++)
      cost += costOf(value[index], most - cost);
  } else if (isRecord(value)) {
    for (const key in value) {
      cost += key.length + costOf(value[key], most - cost);
      if (cost > most) break;
    }
  }
  return cost;
}
