import type { Log } from "../../core/log.ts";
import type { StoreLocation } from "../location.ts";
import { createMemoryRecords } from "../memory/memory-records.ts";
import { ofTexts, toTexts } from "../message-text.ts";
import { cutoffOf, maxListed, type StoreOptions } from "../options.ts";
import type { ConversationStore, ConversationSummary, Store } from "../store.ts";
import { reasonOf, storeUnavailable } from "../unavailable.ts";
import type { Job, Reply } from "./messages.ts";
import { createStoreThread, type StoreThread } from "./store-thread.ts";

/** How often what has expired is looked for. */
const sweepEveryMs = 60_000;

/**
 * A store in a file, read and written in a thread of its own that starts with the first call. What was written survives
 * the process at once. Several processes may share a file.
 */
export function createSqliteStore(
  { path, durability }: Extract<StoreLocation, { kind: "sqlite" }>,
  options: StoreOptions,
  thread: StoreThread = createStoreThread(["open", path, durability]),
): Store {
  const health = createHealth(options.log);
  let sweeper: ReturnType<typeof setInterval> | undefined;
  let sweeping = false;

  const run = async (toJob: (id: number) => Job): Promise<Reply> => {
    if (sweeper === undefined) {
      sweeper = setInterval(() => void sweep(), sweepEveryMs).unref();
      void sweep();
    }
    return await health.watch(thread.run(toJob));
  };
  /** Slice by slice, so that what clients wait for gets its turn between them. A failure is told by what clients ask. */
  const sweep = async () => {
    if (sweeping) return;
    sweeping = true;
    try {
      let isDone = false;
      while (!isDone) {
        const reply = await thread.run((id) => ["sweep", id, cutoffOf(options)]);
        isDone = reply[0] !== "swept" || reply[2] === 1;
      }
    } catch {
      return;
    } finally {
      sweeping = false;
    }
  };

  return {
    conversations: createConversationStore(run, options),
    records: createMemoryRecords(options),
    async open() {
      await thread.run((id) => ["list", id, 0, 0, 0]);
    },
    async close() {
      clearInterval(sweeper);
      await thread.close();
    },
  };
}

function createConversationStore(
  run: (toJob: (id: number) => Job) => Promise<Reply>,
  options: StoreOptions,
): ConversationStore {
  return {
    async read({ owner, id: conversation }) {
      const reply = await run((id) => ["read", id, cutoffOf(options), owner, conversation]);
      if (reply[0] === "none") return undefined;
      if (reply[0] !== "found") throw unexpected(reply);
      const [, , version, ...texts] = reply;
      return { messages: await ofTexts(texts), version };
    },
    async write({ key, model, keep, append, expectedVersion }) {
      const texts = await toTexts(append);
      const { maxPerOwner } = options;
      const numbers = [options.now(), maxPerOwner, options.maxTotalBytes(), keep, expectedVersion] as const;
      const reply = await run((id) => [
        "write",
        id,
        cutoffOf(options),
        key.owner,
        key.id,
        model,
        ...numbers,
        ...texts,
      ]);
      if (reply[0] === "conflict") return undefined;
      if (reply[0] !== "written") throw unexpected(reply);
      return reply[2];
    },
    async list({ owner, limit, offset }) {
      const bounds = [Math.min(limit, maxListed), offset] as const;
      const reply = await run((id) =>
        owner === undefined
          ? ["list", id, cutoffOf(options), ...bounds]
          : ["list-owned", id, cutoffOf(options), ...bounds, owner],
      );
      if (reply[0] !== "listed") throw unexpected(reply);
      const [, , ...fields] = reply;
      return toSummaries(fields);
    },
    async delete({ owner, id: conversation }) {
      const reply = await run((id) => ["delete", id, cutoffOf(options), owner, conversation]);
      return reply[0] === "deleted";
    },
  };
}

function toSummaries(fields: readonly (string | number)[]): ConversationSummary[] {
  const summaries: ConversationSummary[] = [];
  for (let start = 0; start < fields.length; start += 6) {
    const [owner, id, model, messages, createdAt, updatedAt] = fields.slice(start, start + 6);
    summaries.push({
      owner: String(owner),
      id: String(id),
      model: String(model),
      messages: Number(messages),
      createdAt: Number(createdAt),
      updatedAt: Number(updatedAt),
    });
  }
  return summaries;
}

function unexpected([kind]: Reply): Error {
  return storeUnavailable(`The store's thread replied '${kind}'.`);
}

/** Tells the operator when the store stops working and when it works again, not of every request in between. */
function createHealth(log: Log) {
  let isWell = true;
  return {
    async watch<Result>(work: Promise<Result>): Promise<Result> {
      try {
        const result = await work;
        if (!isWell) log.info("The store works again");
        isWell = true;
        return result;
      } catch (error) {
        if (isWell) log.error("The store cannot be used", { cause: reasonOf(error) });
        isWell = false;
        throw error;
      }
    },
  };
}
