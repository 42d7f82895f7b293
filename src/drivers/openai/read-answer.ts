import { createParser, type EventSourceMessage } from "eventsource-parser";
import type { HttpAnswer } from "../../egress/client.ts";
import { MalformedAnswer } from "./malformed.ts";

/** One part of an answer, as JSON. */
export type Frame =
  /** An event of a stream; `isError` where the event is named so. */
  | { kind: "chunk"; value: unknown; isError: boolean }
  /** The whole answer in one piece. */
  | { kind: "whole"; value: unknown }
  /** The stream says that it is over; nothing comes after it. */
  | { kind: "done" };

/** Characters of one event. */
const maxEventLength = 8_388_608;
/** Characters of an answer that comes whole. */
export const maxWholeLength = 67_108_864;

/**
 * The frames of an answer, those of one read of the wire together. What it is shows in its first character: servers are
 * not true to their content types. Throws `MalformedAnswer`.
 */
export async function* readAnswer(
  answer: Pick<HttpAnswer, "chunks">,
): AsyncGenerator<readonly Frame[], void> {
  // Takes a byte order mark away; a character may be cut between two reads.
  const decoder = new TextDecoder();
  let reader: FrameReader | undefined;
  for await (const chunk of answer.chunks) {
    const decoded = decoder.decode(chunk, { stream: true });
    // White space in front keeps a connection open, and says nothing else.
    const text = reader === undefined ? decoded.trimStart() : decoded;
    reader ??= readerFor(text);
    const frames = reader?.read(text) ?? [];
    if (frames.length > 0) yield frames;
  }
  const rest = reader?.end(decoder.decode()) ?? [];
  if (rest.length > 0) yield rest;
}

interface FrameReader {
  read(text: string): Frame[];
  /** With what text there still was. */
  end(text: string): Frame[];
}

/** The whole body as text. Rejects with `MalformedAnswer`. */
export async function readWhole(answer: Pick<HttpAnswer, "chunks">): Promise<string> {
  const decoder = new TextDecoder();
  let text = "";
  for await (const chunk of answer.chunks) {
    text += decoder.decode(chunk, { stream: true });
    if (text.length > maxWholeLength) throw tooLong();
  }
  return text + decoder.decode();
}

/** Throws `MalformedAnswer`. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new MalformedAnswer("It is not JSON.");
  }
}

/** Undefined as long as there is nothing. */
function readerFor(start: string): FrameReader | undefined {
  const first = start.charAt(0);
  if (first === "") return undefined;
  if (first === "{" || first === "[") return wholeReader();
  if (first === "<") throw new MalformedAnswer("It is a page and not JSON.");
  return streamReader();
}

function wholeReader(): FrameReader {
  let whole = "";
  return {
    read(text) {
      whole += text;
      if (whole.length > maxWholeLength) throw tooLong();
      return [];
    },
    end: (text) => [{ kind: "whole", value: parseJson(whole + text) }],
  };
}

function streamReader(): FrameReader {
  let frames: Frame[] = [];
  let isDone = false;
  const parser = createParser({
    onEvent: (event) => {
      const frame = isDone ? undefined : toFrame(event);
      if (frame === undefined) return;
      isDone = frame.kind === "done";
      frames.push(frame);
    },
    onError: (error) => {
      if (error.type === "max-buffer-size-exceeded") throw tooLong();
    },
    maxBufferSize: maxEventLength,
  });
  const read = (text: string) => {
    frames = [];
    parser.feed(text);
    return frames;
  };
  // The last event may lack the blank line after it.
  return { read, end: (text) => read(`${text}\n\n`) };
}

function toFrame({ event, data }: EventSourceMessage): Frame | undefined {
  const text = data.trim();
  if (text === "") return undefined;
  if (text === "[DONE]") return { kind: "done" };
  return { kind: "chunk", value: parseJson(text), isError: event === "error" };
}

function tooLong(): MalformedAnswer {
  return new MalformedAnswer("It is longer than allowed.");
}
