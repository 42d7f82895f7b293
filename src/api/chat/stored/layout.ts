/**
 * How a chat completion is kept that was asked for with `store: true`: a record of the collection `completion`, under
 * the completion's id.
 *
 * - Head: JSON of the answer as it was given, without `metadata`, which is the client's own in a stored completion.
 * - Labels: `model`, and `metadata.KEY` for each text that the client noted down; there is no other copy of those.
 * - Entries: the messages of the request, in the form in which they are listed, each under its id.
 */
import type { RecordKey, StoredRecord } from "../../../store/records.ts";
import type { IdKind } from "../../common/path-id.ts";

export type Metadata = Readonly<Record<string, string>>;

/** Those of chat completions, stored or not. */
export const completionIds: IdKind = {
  what: "Chat completion",
  param: "completion_id",
  form: /^chatcmpl-[A-Za-z0-9_-]{1,128}$/,
};

export function completionKey(owner: string | undefined, id: string): RecordKey {
  return { collection: "completion", owner: owner ?? "", id };
}

const prefix = "metadata.";

export function labelsOf({ model, metadata = {} }: { model?: string; metadata?: Metadata }): Metadata {
  const noted = Object.entries(metadata).map(([key, value]) => [prefix + key, value]);
  return { ...(model !== undefined && { model }), ...Object.fromEntries(noted) };
}

/** What the client noted down, out of the labels. */
export function metadataOf({ labels }: Pick<StoredRecord, "labels">): Metadata {
  return Object.fromEntries(
    Object.entries(labels)
      .filter(([name]) => name.startsWith(prefix))
      .map(([name, value]) => [name.slice(prefix.length), value]),
  );
}
