import { ServeError } from "../../../core/error.ts";
import { createId } from "../../../core/ids.ts";
import { sleep } from "../../../core/sleep.ts";
import type { Change, RecordKey, RecordStore, StoredRecord, WriteResult } from "../../../store/records.ts";
import { type BatchState, stateOf, stateText } from "../batch.ts";
import type { RunnerTimes } from "./options.ts";
import { Stopped, type StopReason } from "./stopped.ts";

export interface HoldOptions {
  records: RecordStore;
  times: RunnerTimes;
  now: () => number;
}

/** What becomes of a batch with a write. */
export interface BatchWrite {
  state: BatchState;
  /** Of other records, in the same write. */
  changes?: readonly Change[];
  /** `null` when there is nothing left to do, 0 for whoever comes first; the lease if absent. */
  dueInMs?: number | null;
}

/** A batch that nobody else runs. */
export interface HeldBatch {
  readonly key: RecordKey;
  /** As it is in the store, as far as is known. */
  readonly state: BatchState;
  /** Aborts with a `Stopped` as soon as its lines are not to be asked any more. */
  readonly signal: AbortSignal;
  /**
   * Writes what `change` makes of the batch; asked again where somebody else changed it meanwhile. Undefined for
   * nothing to write. One write after the other. Rejects with `Stopped` (`lost`) when the batch is somebody else's,
   * and as the store does.
   */
  write(change: (state: BatchState) => Promise<BatchWrite | undefined>): Promise<void>;
  /** Stops looking after it. */
  close(): void;
}

/** Wait before a write is tried again that the store could not take. */
const retryMs = 200;

/** Takes hold of a batch that was claimed. Undefined if somebody was faster. */
export async function holdBatch(record: StoredRecord, options: HoldOptions): Promise<HeldBatch | undefined> {
  const holder = createId("", 24);
  const state = { ...stateOf(record), holder };
  const { leaseMs } = options.times;
  const result = await options.records.write([
    {
      kind: "put",
      key: record.key,
      expectedVersion: record.version,
      text: stateText(state),
      dueInMs: leaseMs,
    },
  ]);
  if (result.kind === "conflict") return undefined;
  const held = new Hold(record.key, { ...options, state, version: result.versions[0] ?? 0 });
  void held.watch();
  return held;
}

class Hold implements HeldBatch {
  readonly key: RecordKey;
  readonly #options: HoldOptions;
  readonly #stop = new AbortController();
  readonly #closed = new AbortController();
  #state: BatchState;
  #version: number;
  #renewedAt: number;
  #isLost = false;
  #last: Promise<unknown> = Promise.resolve();

  constructor(key: RecordKey, options: HoldOptions & { state: BatchState; version: number }) {
    this.key = key;
    this.#options = options;
    this.#state = options.state;
    this.#version = options.version;
    this.#renewedAt = options.now();
    this.#look();
  }

  get state(): BatchState {
    return this.#state;
  }

  get signal(): AbortSignal {
    return this.#stop.signal;
  }

  close(): void {
    this.#closed.abort();
  }

  async write(change: (state: BatchState) => Promise<BatchWrite | undefined>): Promise<void> {
    await this.#inTurn(async () => {
      for (let write = await change(this.#state); write !== undefined; write = await change(this.#state)) {
        if (await this.#put(write)) return;
        await this.#refresh();
      }
    });
  }

  /** Gives signs of life, and looks whether somebody else has changed something. */
  async watch(): Promise<void> {
    let pulse: Promise<void> | undefined;
    for (;;) {
      await sleep(this.#options.times.pulseMs, this.#closed.signal);
      if (this.#closed.signal.aborted) return;
      // The lease ends also while the store does not answer.
      this.#look();
      // What fails now may not fail the next time.
      pulse ??= this.#pulse()
        .catch(() => {})
        .finally(() => (pulse = undefined));
    }
  }

  async #pulse(): Promise<void> {
    await this.#inTurn(async () => {
      const head = await this.#options.records.head(this.key);
      if (head?.version !== this.#version) await this.#refresh();
    });
    if (this.#options.now() - this.#renewedAt < this.#options.times.leaseMs / 3) return;
    await this.write(async (state) => ({ state }));
  }

  /** Whether it was written; not, when it is another version by now. */
  async #put({ state, changes = [], dueInMs = this.#options.times.leaseMs }: BatchWrite): Promise<boolean> {
    const result = await this.#patiently([
      {
        kind: "put",
        key: this.key,
        expectedVersion: this.#version,
        text: stateText(state),
        dueInMs,
      },
      ...changes,
    ]);
    if (result.kind === "conflict") return false;
    this.#version = result.versions[0] ?? 0;
    this.#state = state;
    return true;
  }

  /** Tries for as long as nobody else can have the batch. */
  async #patiently(changes: readonly Change[]): Promise<WriteResult> {
    for (;;) {
      this.#look();
      if (this.#isLost) throw new Stopped("lost");
      const sentAt = this.#options.now();
      try {
        const result = await this.#options.records.write(changes);
        if (result.kind === "written") this.#renewedAt = sentAt;
        return result;
      } catch (error) {
        if (!(error instanceof ServeError) || error.kind !== "unavailable") throw error;
      }
      await sleep(retryMs, this.#closed.signal);
    }
  }

  async #refresh(): Promise<void> {
    const record = await this.#options.records.head(this.key);
    if (record === undefined) throw this.#lose();
    const state = stateOf(record);
    if (state.holder !== this.#state.holder) throw this.#lose();
    this.#version = record.version;
    this.#state = state;
    this.#look();
  }

  #look(): void {
    if (this.#state.status === "cancelling") this.#end("canceled");
    if (this.#options.now() >= this.#state.expiresAt) this.#end("expired");
    if (this.#options.now() - this.#renewedAt >= this.#options.times.leaseMs) this.#lose();
  }

  /** The first reason counts. */
  #end(reason: StopReason): void {
    this.#stop.abort(new Stopped(reason));
  }

  /** Nothing is written from then on. */
  #lose(): Stopped {
    this.#isLost = true;
    this.#end("lost");
    return new Stopped("lost");
  }

  async #inTurn(work: () => Promise<void>): Promise<void> {
    const turn = this.#last.then(work);
    this.#last = turn.catch(() => {});
    await turn;
  }
}
