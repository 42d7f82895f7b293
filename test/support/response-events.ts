import { expect } from "bun:test";
import { Value } from "@sinclair/typebox/value";
import { ResponseStreamEvent } from "../../src/api/responses/answer-schema.ts";

/** The parts of items that tests look at. */
export interface OutputItem {
  id: string;
  type: string;
  status: string;
  call_id?: string;
  name?: string;
  arguments?: string;
  input?: string;
  encrypted_content?: string;
  content?: Partial<Part>[];
  summary?: Part[];
}

export interface ResponseBody {
  id: string;
  object: string;
  status: string;
  store: boolean;
  output: OutputItem[];
  error: { code: string; message: string } | null;
  incomplete_details: { reason: string } | null;
  previous_response_id: string | null;
  conversation?: { id: string };
  usage: {
    input_tokens: number;
    output_tokens: number;
    output_tokens_details: { reasoning_tokens: number };
    total_tokens: number;
  } | null;
  [key: string]: unknown;
}

interface Part {
  type: string;
  text: string;
  refusal?: string;
  logprobs?: unknown[];
}

export interface ResponseEvent {
  type: string;
  sequence_number: number;
  item_id?: string;
  output_index?: number;
  content_index?: number;
  summary_index?: number;
  delta?: string;
  item?: OutputItem;
  response?: ResponseBody;
  code?: string;
  part?: Part;
  logprobs?: unknown[];
  [key: string]: unknown;
}

/**
 * The events of a finished stream. Fails the test unless its form is the exact one: each event on two lines, the first
 * of which says its type, numbered from `first` without a gap, all as the schema describes them, and `[DONE]` last.
 */
export function responseEvents(stream: string, first = 0): ResponseEvent[] {
  expect(stream.endsWith("data: [DONE]\n\n")).toBe(true);
  const frames = stream.split("\n\n").slice(0, -2);
  return frames
    .filter((frame) => !frame.startsWith(": "))
    .map((frame, index) => {
      const [eventLine = "", dataLine = "", ...more] = frame.split("\n");
      const event: ResponseEvent = JSON.parse(dataLine.replace(/^data: /, ""));

      expect(more).toEqual([]);
      expect(eventLine).toBe(`event: ${event.type}`);
      expect(event.sequence_number).toBe(first + index);
      if (!Value.Check(ResponseStreamEvent, event)) throw new Error(`Not as described: ${dataLine}`);
      return event;
    });
}

/** The output that a client has who only adds up what the stream says. */
export function foldEvents(events: readonly ResponseEvent[]): OutputItem[] {
  const items: OutputItem[] = [];
  for (const event of events) {
    const item = items[event.output_index ?? -1];
    if (event.type === "response.output_item.added" && event.item !== undefined) {
      items.push(structuredClone(event.item));
    } else if (event.type === "response.output_item.done" && item !== undefined && event.item !== undefined) {
      expect({ ...event.item, status: item.status, ...secret(event.item) }).toEqual({
        ...item,
        ...secret(event.item),
      });
      items[event.output_index ?? -1] = event.item;
    } else if (item !== undefined) {
      fold(item, event);
    }
  }
  return items;
}

/** What no delta tells. */
function secret({ encrypted_content: encrypted }: OutputItem) {
  return encrypted === undefined ? {} : { encrypted_content: encrypted };
}

function fold(item: OutputItem, event: ResponseEvent): void {
  expect(event.item_id).toBe(item.id);
  const content = item.content?.[event.content_index ?? -1];
  const delta = event.delta ?? "";
  const { part, logprobs = [] } = event;
  switch (event.type) {
    case "response.content_part.added":
      expect(item.content).toHaveLength(event.content_index ?? -1);
      if (part !== undefined) item.content?.push(structuredClone(part));
      break;
    case "response.reasoning_summary_part.added":
      if (part !== undefined) item.summary?.push(structuredClone(part));
      break;
    case "response.output_text.delta":
      if (content?.text === undefined) throw new Error("A delta for no text.");
      content.text += delta;
      content.logprobs?.push(...logprobs);
      break;
    case "response.refusal.delta":
      if (content?.refusal === undefined) throw new Error("A delta for no refusal.");
      content.refusal += delta;
      break;
    case "response.reasoning_summary_text.delta": {
      const summary = item.summary?.[event.summary_index ?? -1];
      if (summary === undefined) throw new Error("A delta for no summary.");
      summary.text += delta;
      break;
    }
    case "response.function_call_arguments.delta":
      item.arguments = `${item.arguments}${delta}`;
      break;
    case "response.custom_tool_call_input.delta":
      item.input = `${item.input}${delta}`;
      break;
    case "response.content_part.done":
      expect<object | undefined>(part).toEqual(content);
      break;
    default:
      break;
  }
}
