import type { Log } from "../../core/log.ts";
import { reasonOf } from "../unavailable.ts";

export interface StoreHealth {
  /** The same as `work`, which is looked at. */
  watch<Result>(work: Promise<Result>): Promise<Result>;
}

/** Tells the operator when the store stops working and when it works again, not of every request in between. */
export function createStoreHealth(log: Log): StoreHealth {
  let isWell = true;
  return {
    async watch(work) {
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
