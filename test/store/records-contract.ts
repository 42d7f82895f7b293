import { afterEach, describe, expect, test } from "bun:test";
import type { Store } from "../../src/store/store.ts";
import { type BedOptions, keyOf, type OpenBed, put } from "./contract/bed.ts";
import { describeClaims } from "./contract/claims.ts";
import { describeFinding } from "./contract/finding.ts";
import { describeLasting } from "./contract/lasting.ts";
import { describeRoom } from "./contract/room.ts";
import { describeValues } from "./contract/values.ts";
import { describeWriting } from "./contract/writing.ts";

/** What every store keeps to. */
export function describeRecordStore(name: string, open: OpenBed): void {
  describe(name, () => {
    const stores: Store[] = [];
    const start = async (options: BedOptions = {}) => {
      const { store, advance } = await open(options);
      stores.push(store);
      return { records: store.records, advance };
    };
    afterEach(async () => {
      for (const store of stores.splice(0)) await store.close();
    });

    describeWriting(start);
    describeFinding(start);
    describeLasting(start);
    describeRoom(start);
    describeClaims(start);
    describeValues(start);

    test("after it was closed, a store gives and takes nothing", async () => {
      const { store } = await open({});
      await store.records.write([put(keyOf("a"))]);
      await store.close();
      await store.close();

      const outcome = await store.records.head(keyOf("a")).catch((error: unknown) => error);
      expect(outcome === undefined || outcome instanceof Error).toBe(true);
    });
  });
}
