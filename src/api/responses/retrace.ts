import type { GenerationEvent, TokenLogprob } from "../../core/generation.ts";
import { isRecord, type JsonRecord } from "../../core/json.ts";
import type { Item } from "../common/items/kinds.ts";
import { flatName } from "../common/items/namespace.ts";
import type { Trace } from "./trace.ts";

/** The events that made this output, but for those that tell of the answer as a whole. */
export function retrace(output: readonly Item[], trace: Trace): GenerationEvent[] {
  const blocks = output.flatMap(blocksOf);
  const events = trace.cuts.flatMap((cuts, index) => {
    const block = blocks[index];
    return block === undefined ? [] : eventsOf(block, { cuts, tokens: trace.tokens?.[index] ?? [] });
  });
  if (trace.finish !== undefined) events.push({ type: "finish", choice: 0, reason: trace.finish });
  return events;
}

/** A block as its item has it. */
interface WrittenBlock {
  kind: "text" | "refusal" | "reasoning" | "function" | "custom";
  text: string;
  logprobs: readonly TokenLogprob[];
  call: { id: string; name: string };
}

const noCall = { id: "", name: "" };

function blocksOf(item: Item): WrittenBlock[] {
  const block = (kind: WrittenBlock["kind"], text: unknown, more: Partial<WrittenBlock> = {}) => ({
    kind,
    text: String(text),
    logprobs: [],
    call: noCall,
    ...more,
  });
  switch (item.type) {
    case "message":
      return recordsIn(item["content"]).map((part) =>
        part["type"] === "refusal"
          ? block("refusal", part["refusal"])
          : block("text", part["text"], { logprobs: recordsIn(part["logprobs"]).map(readLogprob) }),
      );
    case "reasoning":
      return recordsIn(item["summary"]).map((part) => block("reasoning", part["text"]));
    case "function_call":
      return [block("function", item["arguments"], { call: callOf(item) })];
    case "custom_tool_call":
      return [block("custom", item["input"], { call: callOf(item) })];
    default:
      return [];
  }
}

function callOf({ call_id: id, name, namespace }: JsonRecord): WrittenBlock["call"] {
  const flat = flatName({
    name: String(name),
    ...(typeof namespace === "string" && { namespace }),
  });
  return { id: String(id), name: flat };
}

function recordsIn(value: unknown): JsonRecord[] {
  return Array.isArray(value) ? value.filter(isRecord) : [];
}

function readLogprob(written: JsonRecord): TokenLogprob {
  return { ...readToken(written), top: recordsIn(written["top_logprobs"]).map(readToken) };
}

function readToken({ token, logprob, bytes }: JsonRecord): TokenLogprob["top"][number] {
  return {
    token: String(token),
    logprob: Number(logprob),
    bytes: Array.isArray(bytes) ? bytes.map(Number) : null,
  };
}

function eventsOf(
  block: WrittenBlock,
  { cuts, tokens }: { cuts: readonly number[]; tokens: readonly number[] },
): GenerationEvent[] {
  const { kind, call } = block;
  const events: GenerationEvent[] = [];
  if (kind === "function" || kind === "custom") {
    events.push({ type: "tool-call-start", choice: 0, index: 0, ...call, kind });
  }
  let [start, firstToken] = [0, 0];
  for (const [index, length] of cuts.entries()) {
    const lastToken = firstToken + (tokens[index] ?? 0);
    const text = block.text.slice(start, start + length);
    events.push(toDelta(block, text, block.logprobs.slice(firstToken, lastToken)));
    [start, firstToken] = [start + length, lastToken];
  }
  return events;
}

/** Deltas without text were there for what they bore besides. */
function toDelta({ kind }: WrittenBlock, text: string, logprobs: readonly TokenLogprob[]): GenerationEvent {
  const choice = 0;
  switch (kind) {
    case "text":
      return { type: "text-delta", choice, text, ...((text === "" || logprobs.length > 0) && { logprobs }) };
    case "refusal":
      return { type: "refusal-delta", choice, text };
    case "reasoning":
      return { type: "reasoning-delta", choice, text, ...(text === "" && { signature: "" }) };
    case "function":
    case "custom":
      return { type: "tool-call-delta", choice, index: 0, arguments: text };
  }
}
