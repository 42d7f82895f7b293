import { TypeCompiler } from "@sinclair/typebox/compiler";
import type { Static, TSchema } from "@sinclair/typebox";
import type { JsonRecord } from "../../../core/json.ts";
import {
  CompactionItem,
  CustomToolCallItem,
  CustomToolCallOutputItem,
  FunctionCallItem,
  FunctionCallOutputItem,
  ItemReference,
  MessageItem,
} from "./schema.ts";

/** An item as it is stored and listed: it has an id, and a type. */
export type Item = JsonRecord & { readonly id: string; readonly type: string };

export type AnyCallItem = Static<typeof FunctionCallItem> | Static<typeof CustomToolCallItem>;
export type AnyOutputItem = Static<typeof FunctionCallOutputItem> | Static<typeof CustomToolCallOutputItem>;

/** The type of an item. Without one, it is a message if it has a role, and stands for another item if it has not. */
export function typeOf(item: JsonRecord): string {
  const { type, role } = item;
  if (typeof type === "string") return type;
  return role === undefined || role === null ? "item_reference" : "message";
}

export const isMessageItem = guard("message", MessageItem);
export const isFunctionCall = guard("function_call", FunctionCallItem);
export const isCustomToolCall = guard("custom_tool_call", CustomToolCallItem);
export const isFunctionCallOutput = guard("function_call_output", FunctionCallOutputItem);
export const isCustomToolCallOutput = guard("custom_tool_call_output", CustomToolCallOutputItem);
export const isCompaction = guard("compaction", CompactionItem);
export const isItemReference = guard("item_reference", ItemReference);

const read: ReadonlySet<string> = new Set([
  "message",
  "function_call",
  "custom_tool_call",
  "function_call_output",
  "custom_tool_call_output",
  "reasoning",
  "compaction",
  "item_reference",
]);

/** The types of those items that are kept and say nothing to any model: of hosted tools, and unknown ones. */
export function hostedTypes(items: readonly JsonRecord[]): Set<string> {
  return new Set(items.map(typeOf).filter(isHosted));
}

export function isHosted(type: string): boolean {
  return !read.has(type);
}

/** Compiled on first use. */
function guard<Schema extends TSchema>(type: string, schema: Schema) {
  let check: ReturnType<typeof TypeCompiler.Compile<Schema>> | undefined;
  return (item: JsonRecord): item is JsonRecord & Static<Schema> => {
    if (typeOf(item) !== type) return false;
    check ??= TypeCompiler.Compile(schema);
    return check.Check(item);
  };
}
