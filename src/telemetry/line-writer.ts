import { write } from "node:fs";

export interface LineWriter {
  /** Takes a line with its end. Never waits, never throws; drops the line when too much waits already. */
  write: (line: string) => void;
  /** Resolves when everything written so far has left, or after `milliseconds`. */
  flush: (milliseconds: number) => Promise<void>;
}

/** How many bytes may wait for a reader that has stalled. */
const maxPendingBytes = 1_048_576;

/** What a full non-blocking pipe is asked again after, in milliseconds. */
const retryMs = 20;

/**
 * Lines to a file descriptor, in batches and off the event loop. A reader that stalls costs at most 1 MiB: further
 * lines are dropped, and once it reads again it is told how many. A reader that is gone ends the writing.
 */
export function createLineWriter(fileDescriptor: number): LineWriter {
  let waiting: string[] = [];
  let waitingBytes = 0;
  let dropped = 0;
  let busy = false;
  let closed = false;
  let onIdle: (() => void)[] = [];

  const idle = () => {
    busy = false;
    for (const resolve of onIdle) resolve();
    onIdle = [];
  };

  const next = () => {
    if (closed || (waiting.length === 0 && dropped === 0)) {
      idle();
      return;
    }
    if (dropped > 0) waiting.push(`${dropped} log lines were dropped because nobody read them.\n`);
    const batch = Buffer.from(waiting.join(""));
    waiting = [];
    waitingBytes = 0;
    dropped = 0;
    send(batch);
  };

  const send = (batch: Buffer) => {
    write(fileDescriptor, batch, 0, batch.length, null, (error, count) => {
      if (error === null && count === batch.length) next();
      else if (error === null) send(batch.subarray(count));
      else if (error.code === "EAGAIN" || error.code === "EINTR") setTimeout(send, retryMs, batch);
      else {
        closed = true;
        idle();
      }
    });
  };

  return {
    write(line) {
      if (closed) return;
      const bytes = Buffer.byteLength(line);
      if (waitingBytes + bytes > maxPendingBytes) {
        dropped++;
        return;
      }
      waiting.push(line);
      waitingBytes += bytes;
      if (busy) return;
      busy = true;
      queueMicrotask(next);
    },
    flush(milliseconds) {
      if (!busy) return Promise.resolve();
      return new Promise((resolve) => {
        const timer = setTimeout(resolve, milliseconds);
        onIdle.push(() => {
          clearTimeout(timer);
          resolve();
        });
      });
    },
  };
}
