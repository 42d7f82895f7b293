import { createStore } from "../../src/store/create-store.ts";
import { memoryLog } from "../support/calls.ts";
import { type BedOptions, describeRecordStore, type RecordBed } from "./records-contract.ts";

describeRecordStore("memory", async (options) => withClock("memory:", options));

/** A store whose clock can be put forward. */
function withClock(url: string, options: BedOptions): RecordBed {
  let ahead = 0;
  const store = createStore(url, memoryLog(), { ...options, now: () => Date.now() + ahead });
  return {
    store,
    async advance(milliseconds) {
      ahead += milliseconds;
    },
  };
}
