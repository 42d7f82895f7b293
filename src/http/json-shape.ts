import { ServeError } from "../core/error.ts";
import { JsonShape } from "../core/json-shape.ts";
import { nextTurn } from "../core/next-turn.ts";

export interface ShapeLimits {
  maxJsonDepth: number;
  /** Values in the whole body; a key counts as four, which is about what it costs. */
  maxJsonValues: number;
}

/** Bytes looked at in one turn of the event loop: less than a millisecond. */
const sliceBytes = 1 << 18;

/** Looks at a body before it is parsed, without holding up others. Throws `invalid_request`. */
export async function assertShape(bytes: Uint8Array, limits: ShapeLimits): Promise<void> {
  const shape = new JsonShape({ maxDepth: limits.maxJsonDepth, maxValues: limits.maxJsonValues });
  for (let start = 0; start < bytes.length; start += sliceBytes) {
    if (start > 0) await nextTurn();
    const passed = shape.scan(bytes.subarray(start, start + sliceBytes));
    if (passed !== undefined) throw failures[passed](limits);
  }
}

const failures = {
  maxDepth: ({ maxJsonDepth }: ShapeLimits) =>
    new ServeError("invalid_request", `The request body is nested deeper than ${maxJsonDepth} levels.`),
  maxValues: ({ maxJsonValues }: ShapeLimits) =>
    new ServeError(
      "invalid_request",
      `The request body has too many values: at most ${maxJsonValues} are taken, and a key counts as four.`,
    ),
};
