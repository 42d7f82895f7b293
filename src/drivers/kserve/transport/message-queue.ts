/** How far a call is read ahead of its reader. */
const maxMessages = 64;
const maxBytes = 1_048_576;

/** The flow of messages of one call: paused when the reader is behind. */
export interface Flow {
  pause(): void;
  resume(): void;
  cancel(): void;
}

/**
 * Between a source that pushes messages and a reader that pulls batches. A batch is handed over once a turn of the
 * event loop, so that everything that one read of the socket brought comes together.
 */
export class MessageQueue implements AsyncIterator<readonly Uint8Array[], undefined> {
  private readonly open: (queue: MessageQueue) => Flow;
  private flow: Flow | undefined;
  private batch: Uint8Array[] = [];
  private batchBytes = 0;
  private paused = false;
  private scheduled = false;
  private ended = false;
  private failure: { reason: unknown } | undefined;
  private reader: PromiseWithResolvers<IteratorResult<readonly Uint8Array[], undefined>> | undefined;

  /** `open` starts the call; it is called with the first read. */
  constructor(open: (queue: MessageQueue) => Flow) {
    this.open = open;
  }

  push(message: Uint8Array): void {
    if (this.ended) return;
    this.batch.push(message);
    this.batchBytes += message.length;
    if (!this.paused && (this.batch.length >= maxMessages || this.batchBytes >= maxBytes)) {
      this.paused = true;
      this.flow?.pause();
    }
    this.schedule();
  }

  /** No more messages come; with a reason, the reader gets it after what has come. */
  end(failure?: { reason: unknown }): void {
    if (this.ended) return;
    this.ended = true;
    this.failure = failure;
    this.schedule();
  }

  next(): Promise<IteratorResult<readonly Uint8Array[], undefined>> {
    this.flow ??= this.open(this);
    const reader = Promise.withResolvers<IteratorResult<readonly Uint8Array[], undefined>>();
    this.reader = reader;
    if (this.batch.length > 0 || this.ended) this.deliver();
    return reader.promise;
  }

  return(): Promise<IteratorResult<readonly Uint8Array[], undefined>> {
    this.flow?.cancel();
    this.ended = true;
    this.failure = undefined;
    this.batch = [];
    this.deliver();
    return Promise.resolve({ done: true, value: undefined });
  }

  private schedule(): void {
    if (this.reader === undefined || this.scheduled) return;
    this.scheduled = true;
    setImmediate(() => {
      this.scheduled = false;
      this.deliver();
    });
  }

  private deliver(): void {
    const reader = this.reader;
    if (reader === undefined) return;
    if (this.batch.length > 0) {
      const value = this.batch;
      this.reader = undefined;
      this.batch = [];
      this.batchBytes = 0;
      if (this.paused) {
        this.paused = false;
        if (!this.ended) this.flow?.resume();
      }
      reader.resolve({ done: false, value });
    } else if (this.ended) {
      this.reader = undefined;
      const failure = this.failure;
      this.failure = undefined;
      if (failure === undefined) reader.resolve({ done: true, value: undefined });
      else reader.reject(failure.reason);
    }
  }
}
