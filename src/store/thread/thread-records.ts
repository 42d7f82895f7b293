import { ServeError } from "../../core/error.ts";
import { assertChanges } from "../assert-changes.ts";
import type { StoreOptions } from "../options.ts";
import type { RecordStore } from "../records.ts";
import { type ArgsOf, type JobKind, packings, type ResultOf } from "../sql/jobs.ts";
import { storeUnavailable } from "../unavailable.ts";
import type { ThreadJob, ThreadReply } from "./messages.ts";

/** Has a store's thread do a job. Rejects with what the methods of a `RecordStore` reject with. */
export type RunJob = <Kind extends JobKind>(kind: Kind, args: ArgsOf<Kind>) => Promise<ResultOf<Kind>>;

export function createRunJob(
  post: (kind: JobKind, toJob: (id: number) => ThreadJob) => Promise<ThreadReply>,
  options: StoreOptions,
): RunJob {
  return async (kind, args) => {
    const [json, ...parts] = packings[kind].args.pack(args);
    const settings = [
      options.now(),
      options.expireMs(),
      options.maxPerOwner(),
      options.maxTotalBytes(),
    ] as const;
    const [reply, , first = "", ...rest] = await post(kind, (id) => [kind, id, ...settings, json, ...parts]);
    if (reply === "done") return packings[kind].result.unpack([String(first), ...rest]);
    if (reply === "too-large") throw new ServeError("too_large", String(first), { code: String(rest[0]) });
    throw storeUnavailable(first);
  };
}

/** The records that a store's thread keeps. */
export function createThreadRecords(run: RunJob): RecordStore {
  return {
    head: (key) => run("head", key),
    async read(key) {
      return (await run("chain", { key, limit: 1 }))[0];
    },
    entries: (key, options) => run("entries", { key, options }),
    findEntry: (collections, owner, id) => run("find-entry", { collections, owner, id }),
    async chain(key, limit) {
      const records = await run("chain", { key, limit });
      return records.length === 0 ? undefined : records;
    },
    list: (options) => run("list", options),
    async write(changes) {
      assertChanges(changes);
      return await run("write", changes);
    },
    claim: (collection, { leaseMs, limit }) => run("claim", { collection, leaseMs, limit }),
  };
}
