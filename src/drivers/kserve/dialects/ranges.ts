import { ServeError } from "../../../core/error.ts";

/**
 * Throws `invalid_request` for a value of an extra field that no engine takes: vLLM and TensorRT-LLM refuse it in
 * words that do not tell whose fault it is.
 */
export function assertInRange(field: string, value: unknown): void {
  const range = ranges.get(field);
  if (range === undefined || typeof value !== "number" || range.includes(value)) return;
  throw new ServeError("invalid_request", `'${field}' must be ${range.words}.`, {
    code: "invalid_value",
    param: field,
  });
}

interface Range {
  words: string;
  includes(value: number): boolean;
}

const ranges: ReadonlyMap<string, Range> = new Map([
  ["min_p", { words: "from 0 to 1", includes: (value) => value >= 0 && value <= 1 }],
  ["repetition_penalty", { words: "greater than 0", includes: (value) => value > 0 }],
  ["min_tokens", { words: "at least 0", includes: (value) => value >= 0 }],
]);
