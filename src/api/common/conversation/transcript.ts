import type { Message } from "../../../core/generation.ts";
import type { Entry, RecordKey, RecordStore } from "../../../store/records.ts";
import { ofEntries } from "../items/entries.ts";
import type { Item } from "../items/kinds.ts";
import { toMessages, toPlacedMessages } from "../items/to-messages.ts";
import { sizeOfMessage } from "./size.ts";

/** A conversation as items, and what they say. */
export interface Transcript {
  /** Of its record; 0 where there is none. */
  readonly version: number;
  readonly items: readonly Item[];
  /** Of each item, the size of its JSON. */
  readonly bytes: readonly number[];
  readonly messages: readonly Message[];
  /**
   * What a message of `messages` is read from; undefined for others. Items that say nothing go with the message after
   * them, those at the end with the last.
   */
  itemsOf: (message: Message) => readonly Item[] | undefined;
  /** Bytes of any message, with all that goes with it. */
  sizeOf: (message: Message) => number;
}

/** The conversation under that key; undefined if there is none. Rejects as the store does. */
export async function readTranscript(store: RecordStore, key: RecordKey): Promise<Transcript | undefined> {
  const record = await store.read(key);
  if (record === undefined) return undefined;
  return toTranscript({
    version: record.version,
    items: await ofEntries(record.list),
    bytes: sizesOf(record.list),
  });
}

/** What the entries of a conversation say. */
export async function readSaid(entries: readonly Entry[]): Promise<readonly Message[]> {
  return toMessages(await ofEntries(entries));
}

function sizesOf(entries: readonly Entry[]): number[] {
  return entries.map(({ text }) => Buffer.byteLength(text));
}

export function toTranscript({
  version,
  items,
  bytes,
}: Pick<Transcript, "version" | "items" | "bytes">): Transcript {
  const placed = toPlacedMessages(items);
  const lines = new Map<Message, { items: readonly Item[]; size: number }>();
  let start = 0;
  for (const [index, { message, end }] of placed.entries()) {
    const last = index === placed.length - 1 ? items.length : end;
    const size = bytes.slice(start, last).reduce((sum, each) => sum + each, 0);
    lines.set(message, { items: items.slice(start, last), size });
    start = last;
  }
  return {
    version,
    items,
    bytes,
    messages: placed.map(({ message }) => message),
    itemsOf: (message) => lines.get(message)?.items,
    sizeOf: (message) => lines.get(message)?.size ?? sizeOfMessage(message),
  };
}

/** Of a conversation that is not there yet. */
export const nothing: Transcript = toTranscript({ version: 0, items: [], bytes: [] });
