import { expect } from "bun:test";
import { send } from "../wire.ts";
import { openResponse, type OpenResponse, openResponseEvent, type OpenResponseEvent } from "./schema.ts";

/** Asks for a response and gives it; fails the test unless it is one that Open Responses knows, complete and not empty. */
export async function askWhole(url: string, body: object): Promise<OpenResponse> {
  const { status, text, headers } = await send(`${url}/responses`, { body: { ...body, stream: false } });

  if (status !== 200) throw new Error(`${status}: ${text}`);
  expect(headers.get("content-type")).toMatch(/^application\/json/);
  return complete(openResponse.parse(JSON.parse(text)));
}

export interface Streamed {
  events: OpenResponseEvent[];
  /** The one of the last event. */
  response: OpenResponse;
}

/**
 * Asks for a stream; fails the test unless its frames and every event in them are as Open Responses wants them, up to a
 * response that is complete.
 */
export async function askStream(url: string, body: object): Promise<Streamed> {
  const events = await readStream(url, body);
  const last = events.at(-1);
  if (last?.type !== "response.completed") throw new Error(`The last event is ${last?.type}.`);
  const { response } = last;
  const done = events.flatMap((event) => (event.type === "response.output_item.done" ? [event.item] : []));
  expect(done).toEqual(response.output);
  return { events, response: complete(response) };
}

/** The events alone, however they end. */
export async function readStream(url: string, body: object): Promise<OpenResponseEvent[]> {
  const { status, text, headers } = await send(`${url}/responses`, { body: { ...body, stream: true } });

  if (status !== 200) throw new Error(`${status}: ${text}`);
  expect(headers.get("content-type")).toMatch(/^text\/event-stream/);
  expect(text).toEndWith("\n\ndata: [DONE]\n\n");
  expect(text).not.toMatch(/^id:/m);
  const frames = text.split("\n\n").slice(0, -2);
  return frames.filter((frame) => !frame.startsWith(":")).map(readFrame);
}

function readFrame(frame: string, index: number): OpenResponseEvent {
  const [, type, json] = /^event: (\S+)\ndata: (.+)$/.exec(frame) ?? [];
  if (type === undefined || json === undefined) throw new Error(`Not an event: ${frame}`);
  const event = openResponseEvent.parse(JSON.parse(json));
  expect<string>(event.type).toBe(type);
  expect(event.sequence_number).toBe(index);
  return event;
}

function complete(response: OpenResponse): OpenResponse {
  expect(response.status).toBe("completed");
  expect(response.output.length).toBeGreaterThan(0);
  expect(response.output.map(({ status }) => status)).toEqual(response.output.map(() => "completed"));
  expect(response.completed_at).not.toBeNull();
  expect(response.usage).not.toBeNull();
  return response;
}
