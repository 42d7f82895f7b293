import { isRecord, type JsonRecord } from "../../core/json.ts";

/** What a delta, a whole message or a legacy choice says in words. */
export interface Words {
  text: string;
  reasoning: string;
  refusal: string;
}

export function readWords(delta: JsonRecord): Words {
  const { text, thinking } = readContent(delta["content"] ?? delta["text"]);
  const { reasoning_content: deepSeeks, reasoning: openRouters, refusal } = delta;
  // Some servers send the same under both names.
  const named = [deepSeeks, openRouters].find((value) => typeof value === "string" && value !== "");
  return {
    text,
    reasoning: typeof named === "string" ? named : thinking,
    refusal: typeof refusal === "string" ? refusal : "",
  };
}

/** A string, or parts: of text, or of thinking, whose text may be in parts again. */
function readContent(content: unknown): { text: string; thinking: string } {
  if (typeof content === "string") return { text: content, thinking: "" };
  const parts: readonly unknown[] = Array.isArray(content) ? content : [];
  let [text, thinking] = ["", ""];
  for (const part of parts) {
    if (typeof part === "string") text += part;
    else if (isRecord(part) && typeof part["text"] === "string") text += part["text"];
    else if (isRecord(part) && part["type"] === "thinking") thinking += readContent(part["thinking"]).text;
  }
  return { text, thinking };
}
