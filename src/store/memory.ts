import { ofTexts, toTexts } from "./message-text.ts";
import { cutoffOf, maxListed, type StoreOptions } from "./options.ts";
import type { ConversationKey, ConversationSummary, Store } from "./store.ts";
import { storeUnavailable } from "./unavailable.ts";

interface Entry extends ConversationKey {
  model: string;
  /** One for each message, as JSON: what is handed out can change nothing here, and its size is known. */
  texts: readonly string[];
  characters: number;
  version: number;
  createdAt: number;
  updatedAt: number;
}

/** Characters of all conversations together; beyond, the oldest go. */
const standardCharacters = 268_435_456;
/** What a conversation costs besides its messages, in characters. */
const entryCharacters = 512;

/** A store that lasts as long as the process. The sum of all conversations is bounded: the oldest go. */
export function createMemoryStore(options: StoreOptions, maxCharacters = standardCharacters): Store {
  // Both in the order of their last writes.
  const entries = new Map<string, Entry>();
  const owners = new Map<string, Map<string, Entry>>();
  let characters = 0;

  const remove = (entry: Entry) => {
    const owned = owners.get(entry.owner);
    owned?.delete(entry.id);
    if (owned?.size === 0) owners.delete(entry.owner);
    entries.delete(nameOf(entry));
    characters -= entry.characters;
  };
  const put = (entry: Entry) => {
    const owned = owners.get(entry.owner) ?? new Map<string, Entry>();
    owners.set(entry.owner, owned.set(entry.id, entry));
    entries.set(nameOf(entry), entry);
    characters += entry.characters;
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
  const makeRoom = ({ owner }: ConversationKey) => {
    const owned = owners.get(owner) ?? new Map<string, Entry>();
    removeWhile(owned, () => owned.size > options.maxPerOwner);
    removeWhile(entries, () => characters > maxCharacters);
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
        const size = whole.reduce((sum, text) => sum + text.length, entryCharacters);
        if (size > maxCharacters) throw storeUnavailable(`A conversation of ${size} characters is too long.`);
        if (before !== undefined) remove(before);
        const updatedAt = options.now();
        const version = expectedVersion + 1;
        put({
          owner: key.owner,
          id: key.id,
          model,
          texts: whole,
          characters: size,
          version,
          createdAt: before?.createdAt ?? updatedAt,
          updatedAt,
        });
        makeRoom(key);
        return version;
      },
      async list({ owner, limit, offset }) {
        sweep();
        const all = owner === undefined ? entries : owners.get(owner);
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
    async close() {
      entries.clear();
      owners.clear();
    },
  };
}

function nameOf({ owner, id }: ConversationKey): string {
  return JSON.stringify([owner, id]);
}

function toSummary({ owner, id, model, texts, createdAt, updatedAt }: Entry): ConversationSummary {
  return { owner, id, model, messages: texts.length, createdAt, updatedAt };
}
