import { Collector } from "../../../core/collect.ts";
import { stringifyInTurns } from "../../../core/json-in-turns.ts";
import type { Entry, RecordStore } from "../../../store/records.ts";
import type { AnswerHeader } from "../../common/header.ts";
import { answeredAndNotKept } from "../../common/not-kept.ts";
import type { Keeper } from "../../common/record-answer.ts";
import { encode, type EncodeOptions } from "../encode.ts";
import type { ChatCompletionRequest, ChatMessage } from "../schema.ts";
import { encodeMessage } from "./encode.ts";
import { completionKey, labelsOf } from "./layout.ts";

export interface CompletionToKeep {
  owner: string | undefined;
  /** Of the answer, as `encode` is given both. */
  header: AnswerHeader;
  options: EncodeOptions;
  body: Pick<ChatCompletionRequest, "messages" | "metadata">;
}

/** Keeps the whole answer with the messages of its request. Saving rejects as the store does. */
export function keepCompletion(
  { owner, header, options, body }: CompletionToKeep,
  store: RecordStore,
): Keeper {
  const collector = new Collector();
  return {
    add: (event) => collector.add(event),
    async save() {
      const { metadata: _ofAgent, ...completion } = encode(collector.generation(), header, options);
      try {
        await store.write([
          {
            kind: "put",
            key: completionKey(owner, header.id),
            expectedVersion: 0,
            text: await stringifyInTurns(completion),
            labels: labelsOf({ model: header.model, metadata: body.metadata ?? {} }),
            append: await toEntries(header.id, body.messages),
          },
        ]);
      } catch (error) {
        throw answeredAndNotKept(error, "The answer was given, but it could not be stored.");
      }
    },
  };
}

async function toEntries(id: string, messages: readonly ChatMessage[]): Promise<Entry[]> {
  const entries: Entry[] = [];
  for (const [index, message] of messages.entries()) {
    const entryId = `${id}-${index}`;
    entries.push({ id: entryId, text: await stringifyInTurns(encodeMessage(entryId, message)) });
  }
  return entries;
}
