import type { EventBatch, GenerationEvent } from "../../../core/generation.ts";
import type { RecordKey, RecordStore } from "../../../store/records.ts";
import { superseded } from "../keeper.ts";
import { type ResponseHead, writeHead } from "../layout.ts";
import { toJournal } from "./run-record.ts";

export interface JournalOptions {
  key: RecordKey;
  head: ResponseHead;
  records: RecordStore;
  /** Something was written. */
  onWritten: () => void;
  /** Nothing more can be written: the response was ended by somebody else, or the store gives no room. */
  onLost: (reason: unknown) => void;
}

/** A run says by then that it goes on, or it is taken to be dead. */
export const leaseMs = 15_000;
/** How often it says so where it has nothing else to write. */
const renewMs = 5_000;
/** How often it looks whether somebody has ended it. */
const watchMs = 1_000;
/** Events of so long go in one write. */
const gatherMs = 25;
/** Characters that wait for the store; more, and the run waits as well. */
const maxWaiting = 1_048_576;

/**
 * Writes the events of a run behind its input, those of some milliseconds at once, and keeps its lease. While the store
 * cannot be reached, they wait.
 */
export class Journal {
  readonly #options: JournalOptions;
  readonly #watch: ReturnType<typeof setInterval>;
  #version: number;
  #waiting: GenerationEvent[] = [];
  #characters = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #writing: Promise<void> | undefined;
  #writtenAt = performance.now();
  #isMarked = false;
  #isLost = false;

  /** `version` is that of the record as it was made. */
  constructor(options: JournalOptions, version: number) {
    this.#options = options;
    this.#version = version;
    this.#watch = setInterval(() => void this.#look(), watchMs);
  }

  /** Of the record, once nothing is being written. */
  get version(): number {
    return this.#version;
  }

  /** Resolves at once, unless too much waits for the store. */
  async add(batch: EventBatch): Promise<void> {
    this.#waiting.push(...batch);
    for (const event of batch) this.#characters += "text" in event ? event.text.length + 64 : 256;
    this.#timer ??= setTimeout(() => void this.#flush(), gatherMs);
    while (this.#characters > maxWaiting && !this.#isLost) await this.#flush();
  }

  /** Writes nothing more. What waits is not lost to who has the events. */
  async close(): Promise<void> {
    clearInterval(this.#watch);
    clearTimeout(this.#timer);
    this.#isLost = true;
    await this.#writing;
  }

  async #flush(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#writing ??= this.#write().finally(() => (this.#writing = undefined));
    await this.#writing;
  }

  async #write(): Promise<void> {
    if (this.#isLost) return;
    const { key, head, records, onWritten } = this.#options;
    const [events, characters] = [this.#waiting, this.#characters];
    [this.#waiting, this.#characters] = [[], 0];
    try {
      const result = await records.write([
        {
          kind: "put",
          key,
          expectedVersion: this.#version,
          dueInMs: leaseMs,
          ...(!this.#isMarked && { text: writeHead(begunWorking(head)) }),
          ...(events.length > 0 && { append: [toJournal(events)] }),
        },
      ]);
      if (result.kind === "conflict") return this.#lose(superseded());
      this.#version = result.versions[0] ?? 0;
      this.#isMarked = true;
      this.#writtenAt = performance.now();
      onWritten();
    } catch (error) {
      if (characters > maxWaiting) return this.#lose(error);
      this.#waiting = [...events, ...this.#waiting];
      this.#characters += characters;
    }
  }

  async #look(): Promise<void> {
    const sinceMs = performance.now() - this.#writtenAt;
    if (this.#writing !== undefined || sinceMs < watchMs) return;
    if (this.#waiting.length > 0 || !this.#isMarked || sinceMs >= renewMs) return await this.#flush();
    const { key, records } = this.#options;
    try {
      const stored = await records.head(key);
      if (this.#writing === undefined && stored?.version !== this.#version) this.#lose(superseded());
    } catch {
      // The next look may find the store again.
    }
  }

  #lose(reason: unknown): void {
    this.#isLost = true;
    this.#options.onLost(reason);
  }
}

function begunWorking({ response, ...head }: ResponseHead): ResponseHead {
  return { ...head, response: { ...response, status: "in_progress" } };
}
