import { ServeError } from "../../../core/error.ts";
import type { CallContext, EventBatch } from "../../../core/generation.ts";
import { toErrorBody } from "../../../http/errors.ts";
import type { RecordKey, RecordStore, WholeRecord } from "../../../store/records.ts";
import { ofEntries } from "../../common/items/entries.ts";
import { endingOf, now } from "../answer.ts";
import type { Ending, ResponseEncoder } from "../encoder.ts";
import { isRunning, outputOf, readHead, type RunHead } from "../layout.ts";
import type { ResponseObject } from "../response.ts";
import { retrace } from "../retrace.ts";
import { isDead, readLiving } from "./end-run.ts";
import { encoderOf, ofJournal } from "./run-record.ts";
import type { Runs } from "./runs.ts";

export interface ReplayDeps {
  records: RecordStore;
  runs: Runs;
}

/** A response in the background as it was read, and the number of the last event that its reader knows. */
export interface ToReplay extends Pick<CallContext, "signal"> {
  record: WholeRecord;
  after: number;
}

/** Entries read at once. */
const pageSize = 256;

/**
 * The events of a response in the background whose number is above `after`, `[DONE]` last: those that have come, then,
 * while it is being worked on anywhere, each as it comes. One that is deleted ends as a failed one; where only reading it
 * fails, the last event is an error, and the reader may go on behind what it knows.
 */
export async function* replay(given: ToReplay, deps: ReplayDeps): AsyncGenerator<string> {
  const { record, after, signal } = given;
  const encoder = encoderOf(readHead(record), after);
  try {
    yield* spoken(encoder.opening());
    if (isRunning(readHead(record).response)) yield* follow(given, encoder, deps);
    yield* spoken(await tellAgain(await readLiving(record.key, deps.records), encoder.written));
  } catch (error) {
    const { kind } = ServeError.from(error);
    // A reader that has left is told nothing.
    if (signal.aborted && kind === "canceled") return;
    yield kind === "not_found"
      ? deleted(encoder, error)
      : encoder.failure(toErrorBody(ServeError.from(error)));
  }
  yield "data: [DONE]\n\n";
}

function deleted(encoder: ResponseEncoder, error: unknown): string {
  const ending = endingOf(error);
  return encoder.ending({ ...encoder.response(ending, now()), store: false }, ending);
}

/** What comes until it has ended. */
async function* follow(
  { record, signal }: ToReplay,
  encoder: ResponseEncoder,
  { records, runs }: ReplayDeps,
): AsyncGenerator<string> {
  const { key, list } = record;
  const watch = runs.watch(key, signal);
  try {
    yield* spoken(encodeAll(encoder, ofJournal(list)));
    let position = list.at(-1)?.position;
    for (;;) {
      const after = position === undefined ? {} : { after: position };
      const page = await records.entries(key, { order: "asc", limit: pageSize, ...after });
      // What has an id is output: it has ended.
      if (page === undefined || page.items.some(({ id }) => id !== undefined)) return;
      position = page.items.at(-1)?.position ?? position;
      yield* spoken(encodeAll(encoder, ofJournal(page.items)));
      if (page.hasMore) continue;
      if (page.items.length === 0 && (await hasEnded(key, records))) return;
      await watch.changed();
    }
  } finally {
    watch.close();
  }
}

async function hasEnded(key: RecordKey, records: RecordStore): Promise<boolean> {
  const stored = await records.head(key);
  return stored === undefined || isDead(stored) || !isRunning(readHead(stored).response);
}

/** All events of a response that has ended, of which those behind `after` are written. */
async function tellAgain(record: WholeRecord, after: number): Promise<string> {
  const head = readHead(record);
  const output = await ofEntries(outputOf(head, record.list));
  const response: ResponseObject = { ...head.response, output };
  const encoder = encoderOf(head, after);
  const events = retrace(output, head.run?.trace ?? { cuts: [] });
  const frames = encoder.opening() + encodeAll(encoder, [events]);
  return frames + encoder.ending(response, endedAs(head.run, response));
}

function endedAs(run: RunHead | undefined, { status }: ResponseObject): Ending {
  if (run?.error !== undefined) return { kind: "failed", error: run.error };
  return { kind: status === "cancelled" ? "cancelled" : "finished" };
}

function encodeAll(encoder: ResponseEncoder, batches: readonly EventBatch[]): string {
  return batches.map((batch) => encoder.encode(batch)).join("");
}

function* spoken(frames: string): Generator<string> {
  if (frames !== "") yield frames;
}
