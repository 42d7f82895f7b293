import { isRecord, type JsonRecord } from "../../core/json.ts";

/** One piece of a tool call, cleaned of what servers get wrong. */
export interface ToolCallDelta {
  /** The server's own count, which may be missing or the same for several calls. */
  index?: number;
  id?: string;
  name?: string;
  kind: "function" | "custom";
  /** Empty where there are none. */
  arguments: string;
}

/** The pieces in a delta, or in a whole message: of `tool_calls`, or of the older `function_call`. */
export function readToolCallDeltas(delta: JsonRecord): ToolCallDelta[] {
  const { tool_calls: calls, function_call: older } = delta;
  if (Array.isArray(calls)) return calls.filter(isRecord).map(readDelta);
  return isRecord(older) ? [{ index: 0, kind: "function", ...readFields(older) }] : [];
}

function readDelta(entry: JsonRecord): ToolCallDelta {
  const { index, id } = entry;
  const isCustom = entry["type"] === "custom" || isRecord(entry["custom"]);
  const fields = isCustom ? entry["custom"] : entry["function"];
  const givenId = typeof id === "number" ? String(id) : id;
  return {
    kind: isCustom ? "custom" : "function",
    ...(typeof index === "number" && Number.isInteger(index) ? { index } : {}),
    ...(typeof givenId === "string" && givenId !== "" ? { id: givenId } : {}),
    ...readFields(isRecord(fields) ? fields : {}),
  };
}

function readFields(fields: JsonRecord): Pick<ToolCallDelta, "name" | "arguments"> {
  const { name, arguments: json = fields["input"] } = fields;
  return {
    ...(typeof name === "string" && name !== "" ? { name } : {}),
    arguments: toText(json),
  };
}

/** Some servers send the arguments as the object that their text would be. */
function toText(json: unknown): string {
  if (typeof json === "string") return json;
  return typeof json === "object" && json !== null ? JSON.stringify(json) : "";
}
