import { ServeError } from "../../../core/error.ts";
import type { Change, RecordKey, RecordStore } from "../../../store/records.ts";
import { toPieces } from "../../common/files/pieces.ts";
import {
  createFileId,
  fileKey,
  headOf,
  headText,
  readyLabels,
  writingLabels,
} from "../../common/files/stored-file.ts";
import type { BatchState } from "../batch.ts";

const purpose = "batch_output";
const outputs = ["outputFileId", "errorFileId"] as const;
type Output = (typeof outputs)[number];

/** What is appended to the files of a batch, by which of them it is; empty for nothing. */
export type OutputTexts = Readonly<Record<Output, string>>;

export interface OutputWrite {
  /** With the ids of files that are begun now. */
  state: BatchState;
  changes: readonly Change[];
}

/** Appends to the files of a batch, and makes them where there are none. Nobody sees them until they are published. */
export async function appendOutputs(
  records: RecordStore,
  key: RecordKey,
  state: BatchState,
  texts: OutputTexts,
): Promise<OutputWrite> {
  let next = state;
  const changes: Change[] = [];
  for (const output of outputs) {
    const bytes = Buffer.from(texts[output]);
    if (bytes.length === 0) continue;
    const known = state[output];
    const file = fileKey(key.owner, known ?? createFileId());
    const before = known === undefined ? undefined : await records.head(file);
    if (known !== undefined && before === undefined) throw lost();
    next = { ...next, [output]: file.id };
    changes.push({
      kind: "put",
      key: file,
      expectedVersion: before?.version ?? 0,
      text: headText({
        filename: `${key.id}_${names[output]}.jsonl`,
        purpose,
        bytes: (before === undefined ? 0 : headOf(before).bytes) + bytes.length,
      }),
      ...(before === undefined && { labels: writingLabels(purpose) }),
      append: toPieces(bytes).map((text) => ({ text })),
    });
  }
  return { state: next, changes };
}

function lost(): ServeError {
  return new ServeError("not_found", "A file with results is not there any more.", {
    code: "file_not_found",
  });
}

const names = { outputFileId: "output", errorFileId: "error" } as const;

/** Lets everybody see the files of a batch that has ended. */
export async function publishOutputs(
  records: RecordStore,
  key: RecordKey,
  state: BatchState,
): Promise<readonly Change[]> {
  const changes: Change[] = [];
  for (const output of outputs) {
    const id = state[output];
    const before = id === undefined ? undefined : await records.head(fileKey(key.owner, id));
    if (before === undefined) continue;
    changes.push({
      kind: "put",
      key: before.key,
      expectedVersion: before.version,
      labels: readyLabels(purpose),
      ...(state.outputExpireInMs !== undefined && { expireInMs: state.outputExpireInMs }),
    });
  }
  return changes;
}
