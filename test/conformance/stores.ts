import { afterAll, beforeAll } from "bun:test";
import type { BehaviourOptions } from "../support/anyserve/anyserve.ts";
import type { GatewayOptions } from "../support/harness.ts";
import { describeBlackBox } from "../support/prerequisites.ts";
import { type Bed, startBedWith } from "./bed.ts";

export interface StoreBedOptions extends GatewayOptions {
  backends: Readonly<Record<string, BehaviourOptions>>;
}

const stores = [
  ["memory", "memory:"],
  ["SQLite", "sqlite:store.db"],
] as const;

/** Runs the cases against the executable once for each kind of store; `bed` is there while a test runs. */
export function describeOnEachStore(
  name: string,
  { backends, args = [], ...options }: StoreBedOptions,
  body: (bed: () => Bed) => void,
): void {
  for (const [kind, store] of stores) {
    describeBlackBox(`${name}, in ${kind}`, () => {
      let bed: Bed | undefined;
      beforeAll(async () => {
        bed = await startBedWith(backends, { ...options, args: [...args, "--store", store] });
      });
      afterAll(() => bed?.stop());
      body(() => {
        if (bed === undefined) throw new Error("The bed has not started.");
        return bed;
      });
    });
  }
}
