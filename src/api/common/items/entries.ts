import { stringifyInTurns } from "../../../core/json-in-turns.ts";
import { nextTurn } from "../../../core/next-turn.ts";
import type { Entry } from "../../../store/records.ts";
import type { Item } from "./kinds.ts";

/** Characters of JSON read or written before other work gets its turn, a few milliseconds. */
const charactersATurn = 524_288;

/** Items as a record keeps them: one entry for each, found by the id of the item. */
export async function toEntries(items: readonly Item[]): Promise<Entry[]> {
  const entries: Entry[] = [];
  let left = charactersATurn;
  for (const item of items) {
    const text = await stringifyInTurns(item);
    entries.push({ id: item.id, text });
    left -= text.length;
    if (left > 0) continue;
    await nextTurn();
    left = charactersATurn;
  }
  return entries;
}

/** What `toEntries` has written. */
export async function ofEntries(entries: readonly Entry[]): Promise<Item[]> {
  const items: Item[] = [];
  let left = charactersATurn;
  for (const { text } of entries) {
    // Nobody but `toEntries` writes them.
    const item: Item = JSON.parse(text);
    items.push(item);
    left -= text.length;
    if (left > 0) continue;
    await nextTurn();
    left = charactersATurn;
  }
  return items;
}
