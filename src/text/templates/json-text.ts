import { endOfPart } from "../../core/code-points.ts";
import { stringifyInTurns } from "../../core/json-in-turns.ts";
import { nextTurn } from "../../core/next-turn.ts";
import { createPlainSearch, longPlain } from "../../core/plain-search.ts";

/**
 * JSON with a space after each comma and colon, as Python writes it: the form in which models have seen tools.
 * Takes what came from JSON. Large values take several turns of the event loop, each about a millisecond.
 */
export async function toJsonText(value: unknown): Promise<string> {
  const compact = await stringifyInTurns(value);
  const space = createSpacer();
  let text = "";
  let start = 0;
  while (start < compact.length) {
    if (start > 0) await nextTurn();
    const end = endOfPart(compact, start, charactersATurn);
    text += space(compact.slice(start, end));
    start = end;
  }
  return text;
}

const charactersATurn = 262_144;

/** Puts spaces into JSON text that comes in parts. */
function createSpacer(): (compact: string) => string {
  let isInString = false;
  let isEscaped = false;
  return (compact) => {
    const bytes = encoder.encode(compact);
    const spaced = new Uint8Array(2 * bytes.length);
    const endOfPlain = createPlainSearch(bytes);
    let length = 0;
    let plain = 0;
    for (let index = 0; index < bytes.length; index++) {
      const byte = bytes[index] ?? 0;
      spaced[length++] = byte;
      if (!isInString) {
        if (byte === comma || byte === colon) spaced[length++] = space;
        isInString = byte === quote;
        continue;
      }
      if (isEscaped) isEscaped = false;
      else if (byte === backslash) isEscaped = true;
      else if (byte === quote) isInString = false;
      else if (++plain === longPlain) {
        const end = endOfPlain(index + 1);
        spaced.set(bytes.subarray(index + 1, end), length);
        length += end - index - 1;
        index = end - 1;
      } else continue;
      plain = 0;
    }
    return decoder.decode(spaced.subarray(0, length));
  };
}

const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { ignoreBOM: true });

const quote = 0x22;
const comma = 0x2c;
const space = 0x20;
const colon = 0x3a;
const backslash = 0x5c;
