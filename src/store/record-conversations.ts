import type { Message } from "../core/generation.ts";
import { stringifyInTurns } from "../core/json-in-turns.ts";
import type { RecordKey, RecordStore, StoredRecord } from "./records.ts";
import type { ConversationKey, ConversationStore, ConversationSummary } from "./store.ts";

/** Transcripts as records, one entry for each message. */
export function createRecordConversations(records: RecordStore): ConversationStore {
  return {
    async read(key) {
      const record = await records.read(toKey(key));
      if (record === undefined) return undefined;
      // Nobody but `write` writes them.
      const messages = record.list.map(({ text }): Message => JSON.parse(text));
      return { messages, version: record.version };
    },
    async write({ key, model, keep, append, expectedVersion }) {
      const entries = [];
      for (const message of append) entries.push({ text: await stringifyInTurns(message) });
      const put = {
        kind: "put",
        key: toKey(key),
        labels: { model },
        keep,
        append: entries,
        expectedVersion,
      } as const;
      const result = await records.write([put]);
      return result.kind === "written" ? result.versions[0] : undefined;
    },
    async list({ owner, limit, offset }) {
      const all: StoredRecord[] = [];
      while (all.length < offset + limit) {
        const last = all.at(-1)?.key;
        const page = await records.list({
          collection: "conversation",
          order: "desc",
          limit: 1_000,
          ...(owner !== undefined && { owner }),
          ...(last !== undefined && { after: last.id, afterOwner: last.owner }),
        });
        all.push(...(page?.items ?? []));
        if (page?.hasMore !== true) break;
      }
      return all.slice(offset, offset + limit).map(toSummary);
    },
    async delete(key) {
      return (await records.write([{ kind: "delete", key: toKey(key) }])).kind === "written";
    },
  };
}

function toKey({ owner, id }: ConversationKey): RecordKey {
  return { collection: "conversation", owner, id };
}

function toSummary({ key, labels, entries, createdAt, updatedAt }: StoredRecord): ConversationSummary {
  return {
    owner: key.owner,
    id: key.id,
    model: labels["model"] ?? "",
    messages: entries,
    createdAt,
    updatedAt,
  };
}
