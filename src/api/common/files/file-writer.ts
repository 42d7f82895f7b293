import { ServeError } from "../../../core/error.ts";
import type { Change, RecordStore } from "../../../store/records.ts";
import { cutPieces, toPieces } from "./pieces.ts";
import {
  createFileId,
  type FileHead,
  fileKey,
  headText,
  readyLabels,
  toStoredFile,
  type StoredFile,
  writingLabels,
} from "./stored-file.ts";

/** What is known of a file once it has come. */
export interface Completion extends Omit<FileHead, "bytes"> {
  /** For ever, as far as it depends on the file, if absent. */
  expireInMs?: number;
}

/** A file while it comes; nobody sees it before it is complete. All of them reject as the store does. */
export interface FileWriter {
  write(bytes: Uint8Array): Promise<void>;
  complete(completion: Completion): Promise<StoredFile>;
  /** As if it had never been begun. */
  discard(): Promise<void>;
}

/** Pieces that are written at once. */
const groupPieces = 8;

/** `abandonedMs`: so long after its begin it is gone, if it was not completed. Does no I/O before the first write. */
export function createFileWriter(records: RecordStore, owner: string, abandonedMs: number): FileWriter {
  const key = fileKey(owner, createFileId());
  let version = 0;
  let bytes = 0;
  let rest: Uint8Array = new Uint8Array();
  let pieces: string[] = [];

  const put = async (change: Partial<Extract<Change, { kind: "put" }>>) => {
    const append = pieces.map((text) => ({ text }));
    pieces = [];
    const result = await records.write([
      { kind: "put", key, expectedVersion: version, append, ...(version === 0 && begun), ...change },
    ]);
    if (result.kind === "conflict") throw lost();
    version = result.versions[0] ?? version;
  };
  const begun = { labels: writingLabels(), expireInMs: abandonedMs };

  return {
    async write(more) {
      bytes += more.length;
      const cut = cutPieces(rest.length === 0 ? more : Buffer.concat([rest, more]));
      // A copy: what is left may be a corner of a large buffer.
      rest = cut.rest.slice();
      pieces.push(...cut.pieces);
      if (pieces.length >= groupPieces) await put({});
    },
    async complete({ expireInMs, ...head }) {
      pieces.push(...toPieces(rest));
      await put({
        text: headText({ ...head, bytes }),
        labels: readyLabels(head.purpose),
        expireInMs: expireInMs ?? null,
      });
      const record = await records.head(key);
      const file = record === undefined ? undefined : toStoredFile(record);
      if (file === undefined) throw lost();
      return file;
    },
    async discard() {
      if (version > 0) await records.write([{ kind: "delete", key }]);
    },
  };
}

function lost(): ServeError {
  return new ServeError(
    "unavailable",
    "The file was lost while it was written: the store has no room for it.",
    {
      code: "store_unavailable",
    },
  );
}
