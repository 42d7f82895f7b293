import { expect } from "bun:test";

/**
 * The JSON of each `data:` frame of a finished stream, with the type that the test expects of it. Fails the test
 * unless the form of the stream is the exact one.
 */
export function jsonFrames<Frame = unknown>(stream: string): Frame[] {
  expect(stream.endsWith("data: [DONE]\n\n")).toBe(true);
  const frames = stream.split("\n\n").slice(0, -2);
  return frames.map((frame) => {
    expect(frame.startsWith("data: {")).toBe(true);
    expect(frame).not.toContain("\n");
    return JSON.parse(frame.slice("data: ".length));
  });
}

export async function joined(frames: AsyncIterable<string>): Promise<string> {
  let whole = "";
  for await (const frame of frames) whole += frame;
  return whole;
}
