import { watch } from "node:fs";

/** One request as it reached a model, decoded by the server. */
export interface RecordedRequest {
  model: string;
  inputs: Record<string, RecordedTensor>;
  parameters: Record<string, unknown>;
  /** gRPC metadata; Triton shows a model only what server.py names. */
  metadata: Record<string, string>;
  outcome: "running" | "completed" | "failed" | "cancelled";
  /** Milliseconds since the epoch. */
  startedAt: number;
  endedAt: number | null;
}

/** BYTES contents as text, a byte that is no UTF-8 as U+FFFD. MLServer gives the tensor's parameters too. */
export interface RecordedTensor {
  datatype: string;
  shape: number[];
  contents: unknown[];
  parameters?: Record<string, unknown>;
}

export interface RequestRecord {
  /** In the order they came. */
  requests(): Promise<RecordedRequest[]>;
  /** Resolves as soon as `count` requests match; throws after `seconds`. */
  waitFor(
    filter: Partial<Pick<RecordedRequest, "model" | "outcome">>,
    limits?: { count?: number; seconds?: number },
  ): Promise<RecordedRequest[]>;
}

/** Reads the file that a server's recorder.py writes. It must exist. */
export function openRecord(path: string): RequestRecord {
  const requests = () => readRequests(path);
  return {
    requests,
    async waitFor({ model, outcome }, { count = 1, seconds = 5 } = {}) {
      const changes = watchChanges(path, seconds);
      try {
        for (;;) {
          const changed = changes.next();
          const found = (await requests()).filter(
            (request) =>
              request.model === (model ?? request.model) && request.outcome === (outcome ?? request.outcome),
          );
          if (found.length >= count) return found;
          if (!(await changed)) {
            throw new Error(
              `No ${count} requests of ${model ?? "any model"}, ${outcome ?? "begun"}, in ${seconds} s.`,
            );
          }
        }
      } finally {
        changes.close();
      }
    },
  };
}

/** `next()` resolves with true at the first change since it was called, and with false when time is up. */
function watchChanges(path: string, seconds: number): { next(): Promise<boolean>; close(): void } {
  let waiting = Promise.withResolvers<boolean>();
  let late = false;
  const watcher = watch(path, () => waiting.resolve(true));
  const timer = setTimeout(() => {
    late = true;
    waiting.resolve(false);
  }, seconds * 1_000);
  return {
    next() {
      waiting = Promise.withResolvers<boolean>();
      if (late) waiting.resolve(false);
      return waiting.promise;
    },
    close() {
      clearTimeout(timer);
      watcher.close();
    },
  };
}

async function readRequests(path: string): Promise<RecordedRequest[]> {
  const found = new Map<string, RecordedRequest>();
  const text = await Bun.file(path).text();
  // A line that is still being written has no end yet.
  for (const line of text.split("\n").slice(0, -1)) {
    const { call, ...entry }: { call: string } & RecordedRequest = JSON.parse(line);
    const begun = found.get(call);
    if (begun === undefined) found.set(call, { ...entry, outcome: "running", endedAt: null });
    else Object.assign(begun, entry);
  }
  return [...found.values()];
}
