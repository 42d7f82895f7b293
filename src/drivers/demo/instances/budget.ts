import { TooLargeError } from "../../../json-schema/bounds.ts";

/** Counts work down from `total`; `spend` throws `TooLargeError` once it is used up. */
export function createBudget(total: number): { spend(amount: number): void } {
  let left = total;
  return {
    spend(amount) {
      left -= amount;
      // Written so that NaN fails too.
      if (!(left >= 0)) throw new TooLargeError("The instance would be too large.");
    },
  };
}
