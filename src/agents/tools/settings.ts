import { parseDuration, parseSize } from "../../core/quantity.ts";

/** A duration of the configuration in milliseconds; it has been checked there. */
export function millisecondsOf(written: string | number | undefined, standard: number): number {
  return parseDuration(written) ?? standard;
}

/** A size of the configuration in bytes, likewise. */
export function bytesOf(written: string | number | undefined, standard: number): number {
  return parseSize(written) ?? standard;
}
