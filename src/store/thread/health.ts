import type { Log } from "../../core/log.ts";
import type { JobKind } from "../sql/jobs.ts";
import { reasonOf } from "../unavailable.ts";
import { isUnreachable } from "./store-thread.ts";

export interface StoreHealth {
  /** The same as `work`, a job of that kind, which is looked at. */
  watch<Result>(kind: JobKind, work: Promise<Result>): Promise<Result>;
}

/** What they do to the database in any case. */
const writing: ReadonlySet<JobKind> = new Set(["write", "probe"]);
const reading: ReadonlySet<JobKind> = new Set(["head", "chain", "entries", "find-entry", "list"]);

/**
 * Tells the operator when the store stops working and when it works again, not of every request in between: where
 * writes failed, as on a full disk, only a write shows that they do not any more.
 */
export function createStoreHealth(log: Log): StoreHealth {
  let lost: "nothing" | "writes" | "everything" = "nothing";
  return {
    async watch(kind, work) {
      try {
        const result = await work;
        if (lost === "everything" || (lost === "writes" && writing.has(kind))) {
          log.info("The store works again");
          lost = "nothing";
        }
        return result;
      } catch (error) {
        if (lost === "nothing") log.error("The store cannot be used", { cause: reasonOf(error) });
        lost = reading.has(kind) || isUnreachable(error) ? "everything" : "writes";
        throw error;
      }
    },
  };
}
