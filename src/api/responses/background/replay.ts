import type { CallContext, EventBatch } from "../../../core/generation.ts";
import type { RecordKey, RecordStore, WholeRecord } from "../../../store/records.ts";
import { ofEntries } from "../../common/items/entries.ts";
import type { Ending, ResponseEncoder } from "../encoder.ts";
import { isRunning, outputOf, readHead } from "../layout.ts";
import type { ResponseObject } from "../response.ts";
import { retrace } from "../retrace.ts";
import { isDead, readLiving } from "./end-run.ts";
import { encoderOf, ofJournal } from "./run-record.ts";
import type { Runs } from "./runs.ts";

/** Entries read at once. */
const pageSize = 256;

/**
 * The events of a response in the background whose number is above `after`, `[DONE]` last: those that have come, then, while
 * it is being worked on anywhere, each as it comes. `record` is the response as it was read. Rejects as the store does.
 */
export async function* replay(
  { record, after, signal }: { record: WholeRecord; after: number } & Pick<CallContext, "signal">,
  { records, runs }: { records: RecordStore; runs: Runs },
): AsyncGenerator<string> {
  const { key } = record;
  const encoder = encoderOf(readHead(record), after);
  yield* spoken(encoder.opening());
  if (isRunning(readHead(record).response)) {
    yield* spoken(encodeAll(encoder, ofJournal(record.list)));
    let position = record.list.at(-1)?.position;
    for (;;) {
      const page = await records.entries(key, {
        order: "asc",
        limit: pageSize,
        ...(position !== undefined && { after: position }),
      });
      // What has an id is output: it has ended.
      if (page === undefined || page.items.some(({ id }) => id !== undefined)) break;
      position = page.items.at(-1)?.position ?? position;
      yield* spoken(encodeAll(encoder, ofJournal(page.items)));
      if (page.hasMore) continue;
      if (page.items.length === 0 && (await hasEnded(key, records))) break;
      await runs.changed(key, signal);
    }
  }
  yield* tellEnd(await readLiving(key, records), encoder.written);
}

async function hasEnded(key: RecordKey, records: RecordStore): Promise<boolean> {
  const stored = await records.head(key);
  return stored === undefined || isDead(stored) || !isRunning(readHead(stored).response);
}

/** All events again, of which those behind `after` are written. */
async function* tellEnd(record: WholeRecord, after: number): AsyncGenerator<string> {
  const head = readHead(record);
  const output = await ofEntries(outputOf(head, record.list));
  const response: ResponseObject = { ...head.response, output };
  const encoder = encoderOf(head, after);
  const again = [retrace(output, head.run?.trace ?? { cuts: [] })].filter((batch) => batch.length > 0);
  yield* spoken(
    encoder.opening() +
      encodeAll(encoder, again) +
      encoder.ending(response, endingOf(head.run?.error, response)),
  );
  yield "data: [DONE]\n\n";
}

function endingOf(
  error: (Ending & { kind: "failed" })["error"] | undefined,
  { status }: ResponseObject,
): Ending {
  if (error !== undefined) return { kind: "failed", error };
  return { kind: status === "cancelled" ? "cancelled" : "finished" };
}

function encodeAll(encoder: ResponseEncoder, batches: readonly EventBatch[]): string {
  return batches.map((batch) => encoder.encode(batch)).join("");
}

function* spoken(frames: string): Generator<string> {
  if (frames !== "") yield frames;
}
