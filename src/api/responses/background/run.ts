import { ServeError } from "../../../core/error.ts";
import type { EventBatch } from "../../../core/generation.ts";
import type { DetachedWork } from "../../../http/call.ts";
import type { RecordKey, RecordStore } from "../../../store/records.ts";
import type { Item } from "../../common/items/kinds.ts";
import { endingOf } from "../answer.ts";
import type { Ending } from "../encoder.ts";
import type { ItemTurn } from "../../common/conversation/item-turn.ts";
import { appendTurn, superseded } from "../keeper.ts";
import type { ResponseHead } from "../layout.ts";
import { Journal } from "./journal.ts";
import { RunState } from "./run-record.ts";

/** A response to be worked on, whose record has been made. */
export interface RunToStart {
  key: RecordKey;
  /** Of the record, both. */
  head: ResponseHead;
  version: number;
  input: readonly Item[];
  batches: AsyncIterable<EventBatch>;
  turn: ItemTurn | undefined;
  work: DetachedWork;
}

/** How often the end of a run is written anew where the store cannot be reached. */
const maxAttempts = 5;
const retryMs = 200;

/** Works on a response until it has ended, however it ends. Never rejects. */
export async function runInBackground(
  run: RunToStart,
  { records, onWritten }: { records: RecordStore; onWritten: () => void },
): Promise<void> {
  const { key, head, version, work, turn } = run;
  const { log, requestId } = work.context;
  const state = new RunState(head);
  const onLost = (reason: unknown) => work.abort(ServeError.from(reason));
  const journal = new Journal({ key, head, records, onWritten, onLost }, version);
  try {
    const ending = await follow(run, state, journal);
    await journal.close();
    await end(run, { state, ending, version: journal.version, records });
  } catch (error) {
    const { kind, message } = ServeError.from(error);
    // One that somebody else has ended is kept as it was then.
    if (kind !== "canceled") {
      log.warn("The end of a response in the background was not kept", { id: requestId, reason: message });
    }
  } finally {
    await journal.close();
    turn?.close();
    onWritten();
    work.end();
  }
}

async function follow({ batches }: RunToStart, state: RunState, journal: Journal): Promise<Ending> {
  try {
    for await (const batch of batches) {
      state.add(batch);
      await journal.add(batch);
    }
    return { kind: "finished" };
  } catch (error) {
    return endingOf(error);
  }
}

interface ToEnd {
  state: RunState;
  ending: Ending;
  version: number;
  records: RecordStore;
}

/** Writes the end. One whose conversation does not take it has failed. Rejects as the store does. */
async function end(run: RunToStart, { state, ending, version, records }: ToEnd): Promise<void> {
  const { key, turn, input } = run;
  const at = { key, version };
  const { response, change } = await state.end(ending, at);
  try {
    if (turn !== undefined && ending.kind === "finished") {
      await appendTurn(turn, { response, input, changes: [change] });
    } else {
      await retried(() => records.write([change]));
    }
  } catch (error) {
    if (ending.kind !== "finished" || ServeError.from(error).kind === "canceled") throw error;
    const failed = await state.end(endingOf(error), at);
    await retried(() => records.write([failed.change]));
  }
}

async function retried(write: () => ReturnType<RecordStore["write"]>): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    try {
      const { kind } = await write();
      if (kind === "conflict") throw superseded();
      return;
    } catch (error) {
      if (ServeError.from(error).kind !== "unavailable" || attempt === maxAttempts) throw error;
      await Bun.sleep(retryMs * attempt);
    }
  }
}
