import { createMemoryRecords } from "./memory/memory-records.ts";
import { conversationBytes, ofTexts, sizeOfTexts, toTexts } from "./message-text.ts";
import { cutoffOf, maxListed, type StoreOptions } from "./options.ts";
import type { ConversationKey, ConversationSummary, Store } from "./store.ts";
import { storeUnavailable } from "./unavailable.ts";

interface Entry extends ConversationKey {
  model: string;
  /** One for each message, as JSON: what is handed out can change nothing here, and its size is known. */
  texts: readonly string[];
  bytes: number;
  version: number;
  createdAt: number;
  updatedAt: number;
}

/** What one owner has. */
interface Owned {
  entries: Map<string, Entry>;
  bytes: number;
}

/** A store that lasts as long as the process. */
export function createMemoryStore(options: StoreOptions): Store {
  // Both in the order of their last writes.
  const entries = new Map<string, Entry>();
  const owners = new Map<string, Owned>();
  let bytes = 0;

  const remove = (entry: Entry) => {
    const owned = owners.get(entry.owner);
    if (owned !== undefined) {
      owned.entries.delete(entry.id);
      owned.bytes -= entry.bytes;
      if (owned.entries.size === 0) owners.delete(entry.owner);
    }
    entries.delete(nameOf(entry));
    bytes -= entry.bytes;
  };
  const put = (entry: Entry) => {
    const owned = owners.get(entry.owner) ?? { entries: new Map<string, Entry>(), bytes: 0 };
    owners.set(entry.owner, owned);
    owned.entries.set(entry.id, entry);
    owned.bytes += entry.bytes;
    entries.set(nameOf(entry), entry);
    bytes += entry.bytes;
  };
  const removeWhile = (of: ReadonlyMap<string, Entry>, isToGo: (oldest: Entry) => boolean) => {
    for (const entry of of.values()) {
      if (!isToGo(entry)) return;
      remove(entry);
    }
  };
  const sweep = () => {
    const cutoff = cutoffOf(options);
    removeWhile(entries, ({ updatedAt }) => updatedAt < cutoff);
  };
  const makeRoom = (newest: Entry) => {
    const owned = owners.get(newest.owner)?.entries ?? new Map<string, Entry>();
    removeWhile(owned, () => owned.size > options.maxPerOwner);
    while (bytes > options.maxTotalBytes()) {
      const oldest = oldestOfLargest(owners.values(), newest);
      if (oldest === undefined) return;
      remove(oldest);
    }
  };

  return {
    conversations: {
      async read(key) {
        sweep();
        const entry = entries.get(nameOf(key));
        return entry && { messages: await ofTexts(entry.texts), version: entry.version };
      },
      async write({ key, model, keep, append, expectedVersion }) {
        const texts = await toTexts(append);
        sweep();
        const before = entries.get(nameOf(key));
        if ((before?.version ?? 0) !== expectedVersion || keep > (before?.texts.length ?? 0))
          return undefined;
        const whole = [...(before?.texts.slice(0, keep) ?? []), ...texts];
        const size = conversationBytes + sizeOfTexts(whole);
        if (size > options.maxTotalBytes()) {
          throw storeUnavailable(`A conversation of ${size} bytes is too large.`);
        }
        if (before !== undefined) remove(before);
        const updatedAt = options.now();
        const version = expectedVersion + 1;
        const entry: Entry = {
          owner: key.owner,
          id: key.id,
          model,
          texts: whole,
          bytes: size,
          version,
          createdAt: before?.createdAt ?? updatedAt,
          updatedAt,
        };
        put(entry);
        makeRoom(entry);
        return version;
      },
      async list({ owner, limit, offset }) {
        sweep();
        const all = owner === undefined ? entries : owners.get(owner)?.entries;
        return [...(all?.values() ?? [])]
          .toReversed()
          .slice(offset, offset + Math.min(limit, maxListed))
          .map(toSummary);
      },
      async delete(key) {
        sweep();
        const entry = entries.get(nameOf(key));
        if (entry !== undefined) remove(entry);
        return entry !== undefined;
      },
    },
    records: createMemoryRecords(options),
    async open() {},
    async close() {
      entries.clear();
      owners.clear();
    },
  };
}

/** The newest stays: where its owner has nothing else, it is the next one's turn. */
function oldestOfLargest(owners: Iterable<Owned>, newest: Entry): Entry | undefined {
  for (const { entries } of [...owners].toSorted((one, other) => other.bytes - one.bytes)) {
    for (const entry of entries.values()) if (entry !== newest) return entry;
  }
  return undefined;
}

function nameOf({ owner, id }: ConversationKey): string {
  return JSON.stringify([owner, id]);
}

function toSummary({ owner, id, model, texts, createdAt, updatedAt }: Entry): ConversationSummary {
  return { owner, id, model, messages: texts.length, createdAt, updatedAt };
}
