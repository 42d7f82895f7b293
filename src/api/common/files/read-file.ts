import { ServeError } from "../../../core/error.ts";
import { nextTurn } from "../../../core/next-turn.ts";
import type { RecordStore } from "../../../store/records.ts";
import { ofPiece } from "./pieces.ts";
import { fileKey, toStoredFile, type StoredFile } from "./stored-file.ts";

/** Undefined if there is none, or it is not whole yet. */
export async function findFile(
  records: RecordStore,
  owner: string,
  id: string,
): Promise<StoredFile | undefined> {
  const record = await records.head(fileKey(owner, id));
  return record === undefined ? undefined : toStoredFile(record);
}

/** Pieces that are read at once. */
const pagePieces = 8;

/** The bytes of a file, a bounded part at a time. Throws `not_found` as soon as it is gone. */
export async function* readFile(records: RecordStore, owner: string, id: string): AsyncGenerator<Uint8Array> {
  let after: number | undefined;
  for (;;) {
    const page = await records.entries(fileKey(owner, id), {
      order: "asc",
      limit: pagePieces,
      ...(after !== undefined && { after }),
    });
    if (page === undefined) throw gone();
    for (const { text, position } of page.items) {
      after = position;
      yield ofPiece(text);
      await nextTurn();
    }
    if (!page.hasMore) return;
  }
}

function gone(): ServeError {
  return new ServeError("not_found", "The file is not there any more.", { code: "not_found" });
}
