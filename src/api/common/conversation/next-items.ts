import type { Message } from "../../../core/generation.ts";
import { fromMessages } from "../items/from-messages.ts";
import type { Item } from "../items/kinds.ts";
import { countCommon, mergeHistory } from "./merge.ts";
import { fitSize, type SizeLimits, sizeOfJson, turnTooLarge } from "./size.ts";
import { toTranscript, type Transcript } from "./transcript.ts";

/** A request to an agent, and its answer. */
export interface Turn {
  messages: readonly Message[];
  answer: Message;
}

/** The items of a conversation after a turn, without its oldest turns if that is too much. Throws as `fitSize` does. */
export function itemsAfterTurn(
  stored: Transcript,
  { messages, answer }: Turn,
  limits: SizeLimits,
): readonly Item[] {
  const merged = [...mergeHistory(stored.messages, messages), answer];
  const whole = fitSize(merged, limits, stored);
  const common = countCommon(stored.messages, whole);
  const items =
    common === stored.messages.length
      ? [...stored.items]
      : stored.messages.slice(0, common).flatMap((message) => stored.itemsOf(message) ?? []);
  for (let start = common; start < whole.length;) {
    const end = endOfRun(whole, start, stored);
    const run = whole.slice(start, end);
    const known = run.map((message) => stored.itemsOf(message));
    items.push(
      ...(known[0] === undefined
        ? fromMessages(run, whole.slice(0, start))
        : known.flatMap((each) => each ?? [])),
    );
    start = end;
  }
  return items;
}

/** Where the messages end that, like the first of them, are stored already or are not. */
function endOfRun(messages: readonly Message[], start: number, stored: Transcript): number {
  const isStored = (message: Message | undefined) =>
    message !== undefined && stored.itemsOf(message) !== undefined;
  const first = isStored(messages[start]);
  const end = messages.findIndex((message, index) => index > start && isStored(message) !== first);
  return end === -1 ? messages.length : end;
}

/** The items of a conversation with `added` behind them, likewise; `param` is where the client gave them. */
export function itemsAfter(
  stored: Transcript,
  { added, param }: { added: readonly Item[]; param: string },
  limits: SizeLimits,
): readonly Item[] {
  const whole = toTranscript({
    version: stored.version,
    items: [...stored.items, ...added],
    bytes: [...stored.bytes, ...added.map(sizeOfJson)],
  });
  if (whole.messages.length === 0 && sizeOfAll(whole) > limits.maxBytes) throw turnTooLarge(limits, param);
  const fitting = fitSize(whole.messages, limits, { sizeOf: whole.sizeOf, param });
  return fitting === whole.messages
    ? whole.items
    : fitting.flatMap((message) => whole.itemsOf(message) ?? []);
}

/** Of items that say nothing there is no turn to leave out. */
function sizeOfAll({ bytes }: Transcript): number {
  return bytes.reduce((sum, each) => sum + each, 0);
}
