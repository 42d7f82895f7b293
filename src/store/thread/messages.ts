/**
 * The first message to a store's thread, which has no reply. Bun hands an array of plain strings and numbers to another
 * thread without copying the texts.
 */
export type ThreadOpening = readonly [kind: "open", ...parts: (string | number)[]];

/** One of kind `close` is the last. */
export type ThreadJob = readonly [kind: string, id: number, ...parts: (string | number)[]];

/** One for each job: of a kind that the job knows, or `failed` or `unreachable` with the reason. */
export type ThreadReply = readonly [kind: string, id: number, ...parts: (string | number)[]];
