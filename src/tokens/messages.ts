import type { Encoding } from "./encoding.ts";

/**
 * What goes to the worker. Bun hands an array of plain strings and numbers to another thread without copying
 * the texts; an object with the same content is copied, 2.4 ms per million characters.
 */
export type Job =
  /** `deadline` is a `Date.now()` after which nobody waits for the counts any more. */
  | readonly [kind: "count", id: number, encoding: Encoding, deadline: number, ...texts: string[]]
  | readonly [kind: "encode", id: number, encoding: Encoding, deadline: number, text: string]
  | readonly [kind: "decode", id: number, encoding: Encoding, tokens: Uint32Array<ArrayBuffer>]
  | readonly [kind: "spell", id: number, encoding: Encoding, tokens: Uint32Array<ArrayBuffer>];

/** What comes back, one for each job, in any order. */
export type Reply =
  | readonly [kind: "counted", id: number, ...counts: number[]]
  /** The deadline passed before the end. */
  | readonly [kind: "expired", id: number]
  | readonly [kind: "encoded", id: number, tokens: Uint32Array<ArrayBuffer>]
  | readonly [kind: "decoded", id: number, bytes: Uint8Array<ArrayBuffer>]
  | readonly [kind: "spelt", id: number, ...texts: string[]];
