import { formatSize, parseSize } from "../core/quantity.ts";
import type { Problem } from "./problems.ts";

/** What does not fit together in `conversations`: one of them has to find room among all. */
export function conversationProblems(conversations: Readonly<Record<string, unknown>>): Problem[] {
  const one = parseSize(conversations["max_bytes"]);
  const all = parseSize(conversations["max_total"]);
  if (one === undefined || all === undefined || one <= all) return [];
  return [
    { segments: ["conversations", "max_total"], text: `must be at least max_bytes, ${formatSize(one)}` },
  ];
}
