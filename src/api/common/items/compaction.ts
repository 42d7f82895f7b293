import type { Message } from "../../../core/generation.ts";
import { isRecord } from "../../../core/json.ts";

/** A summary as the opaque text of a compaction item: base64 of JSON, which only its reader needs to understand. */
export function writeCompaction(summary: string): string {
  return Buffer.from(JSON.stringify({ summary })).toString("base64");
}

/** The summary, as a message before what comes next; nothing for a text that another server wrote. */
export function readCompaction(encrypted: string | null | undefined): Message | undefined {
  const summary = summaryIn(encrypted ?? "");
  if (summary === undefined) return undefined;
  return {
    role: "developer",
    content: [{ type: "text", text: `Summary of the conversation so far:\n\n${summary}` }],
  };
}

function summaryIn(encrypted: string): string | undefined {
  try {
    const value: unknown = JSON.parse(Buffer.from(encrypted, "base64").toString("utf8"));
    return isRecord(value) && typeof value["summary"] === "string" ? value["summary"] : undefined;
  } catch {
    return undefined;
  }
}
