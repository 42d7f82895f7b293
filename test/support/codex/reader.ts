import { readFrames } from "../wire.ts";

/** An item as Codex keeps it, to be sent again in the next turn. */
export interface CodexItem {
  type: string;
  call_id?: string;
  name?: string;
  namespace?: string;
  arguments?: string;
  input?: string;
  content?: { type: string; text: string }[];
  summary?: { type: string; text: string }[];
  encrypted_content?: string;
  [field: string]: unknown;
}

export interface CodexTurn {
  responseId: string;
  /** Those of `response.output_item.done`, without what Codex forgets of them. */
  items: CodexItem[];
  /** Pieces of the text and of the reasoning, as they were shown while they came. */
  text: string[];
  reasoning: string[];
  usage: { input_tokens: number; output_tokens: number; total_tokens: number };
}

/** A turn that failed: before its stream with a status, or at its end. */
export class CodexError extends Error {
  readonly code: string;
  readonly status: number;

  constructor(message: string, code: string, status = 200) {
    super(message);
    this.code = code;
    this.status = status;
  }
}

interface Event {
  type: string;
  delta?: string;
  item?: CodexItem;
  response?: {
    id?: string;
    usage?: CodexTurn["usage"] | null;
    error?: { code: string; message: string } | null;
  };
}

/**
 * Reads a turn as Codex does: by the few events that it knows, up to `response.completed` and no further. Text that
 * belongs to no item that was added, an item without what its kind needs and a stream that ends early are errors.
 */
export async function readCodexTurn(
  response: Response,
  onText: (text: string) => void = () => {},
): Promise<CodexTurn> {
  if (!response.ok) {
    const { error }: { error: { code: string; message: string } } = JSON.parse(await response.text());
    throw new CodexError(error.message, error.code, response.status);
  }
  const turn: Omit<CodexTurn, "responseId" | "usage"> = { items: [], text: [], reasoning: [] };
  const state = { hasActiveItem: false };
  for await (const frame of readFrames(response)) {
    const event = eventIn(frame);
    if (event === undefined) continue;
    if (event.type === "response.completed") return { ...turn, ...endOf(event) };
    read(event, turn, state);
    if (event.type === "response.output_text.delta") onText(event.delta ?? "");
  }
  throw new CodexError("The stream ended before response.completed.", "stream_disconnected");
}

function read(
  event: Event,
  turn: Omit<CodexTurn, "responseId" | "usage">,
  state: { hasActiveItem: boolean },
): void {
  const { type, delta, item, response } = event;
  switch (type) {
    case "response.output_item.added":
      checkItem(item);
      state.hasActiveItem = true;
      break;
    case "response.output_item.done":
      turn.items.push(kept(checkItem(item)));
      state.hasActiveItem = false;
      break;
    case "response.output_text.delta":
    case "response.reasoning_summary_text.delta":
    case "response.reasoning_text.delta":
      if (!state.hasActiveItem) throw new CodexError(`${type} without an active item.`, "protocol");
      if (delta === undefined) throw new CodexError(`${type} without a delta.`, "protocol");
      turn[type === "response.output_text.delta" ? "text" : "reasoning"].push(delta);
      break;
    case "response.failed":
      if (response?.error == null) throw new CodexError("response.failed without an error.", "protocol");
      throw new CodexError(response.error.message, response.error.code);
    case "response.incomplete":
      throw new CodexError("The response is incomplete.", "incomplete");
    default:
      break;
  }
}

/** The event of a frame; nothing for a comment and for `[DONE]`. */
function eventIn(frame: string): Event | undefined {
  const line = frame.split("\n").find((each) => each.startsWith("data: ")) ?? "data: [DONE]";
  const text = line.slice("data: ".length);
  return text === "[DONE]" ? undefined : JSON.parse(text);
}

function endOf({ response }: Event): Pick<CodexTurn, "responseId" | "usage"> {
  const { id, usage } = response ?? {};
  if (typeof id !== "string") throw new CodexError("response.completed without an id.", "protocol");
  const { input_tokens, output_tokens, total_tokens } = usage ?? {};
  if (!isCount(input_tokens) || !isCount(output_tokens) || !isCount(total_tokens)) {
    throw new CodexError("response.completed without the numbers of its usage.", "protocol");
  }
  return { responseId: id, usage: { input_tokens, output_tokens, total_tokens } };
}

function isCount(value: unknown): value is number {
  return Number.isInteger(value);
}

const needed: Readonly<Record<string, readonly string[]>> = {
  message: ["role", "content"],
  reasoning: ["summary"],
  function_call: ["name", "arguments", "call_id"],
  custom_tool_call: ["name", "input", "call_id"],
};

function checkItem(item: CodexItem | undefined): CodexItem {
  const fields = needed[item?.type ?? ""];
  const missing = fields?.filter((field) => item?.[field] === undefined) ?? [];
  if (item === undefined || fields === undefined || missing.length > 0) {
    throw new CodexError(`An item is not as it must be: ${JSON.stringify(item)}`, "protocol");
  }
  return item;
}

/** Ids are not sent again, nor the status of a function's call. */
function kept({ id: _id, status, ...item }: CodexItem): CodexItem {
  return item.type === "custom_tool_call" ? { ...item, status } : item;
}
