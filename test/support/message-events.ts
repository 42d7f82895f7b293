import { expect } from "bun:test";
import type { RawMessageStreamEvent } from "@anthropic-ai/sdk/resources/messages";

/** What a `data:` line may hold: an event of the protocol, a sign of life, or how the stream failed. */
export type EventData =
  | RawMessageStreamEvent
  | { type: "ping" }
  | { type: "error"; error: { type: string; message: string }; request_id: string };

export interface MessageEvent {
  event: string;
  data: EventData;
}

/** The events of a finished stream. Fails the test unless each is an `event:` and a `data:` line of the same type. */
export function messageEvents(stream: string): MessageEvent[] {
  expect(stream).not.toContain("\r");
  expect(stream.endsWith("\n\n")).toBe(true);
  return stream
    .slice(0, -2)
    .split("\n\n")
    .map((frame) => {
      const [, event = "", json = ""] = /^event: (\w+)\ndata: (\{.*\})$/.exec(frame) ?? [];
      expect({ frame, isEvent: event !== "" }).toEqual({ frame, isEvent: true });
      const data: EventData = JSON.parse(json);
      expect<string>(data.type).toBe(event);
      return { event, data };
    });
}
