/**
 * What goes to the thread. A list of plain strings is handed over without copying them. The schema's text is sent
 * once, with `compile`; after that its key stands for it.
 */
export type Job =
  | readonly [kind: "compile", key: string, schema: string]
  /** The text is the value, or has it among other text. */
  | readonly [kind: "find", key: string, text: string]
  /** The text is the value. */
  | readonly [kind: "match", key: string, text: string];

/** What comes back, one for each job. */
export type Reply =
  /** The thread does not have a schema of that key (any more). */
  | readonly [kind: "unknown"]
  | readonly [kind: "compiled"]
  /** It had been compiled before. */
  | readonly [kind: "known"]
  | readonly [kind: "broken", message: string]
  /** The value is at `text.slice(start, end)`. */
  | readonly [kind: "fits", start: number, end: number]
  | readonly [kind: "misfit", path: string, message: string];
