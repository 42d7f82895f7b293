import { expect, test } from "bun:test";
import { type Frame, readAnswer } from "../../../src/drivers/openai/read-answer.ts";

async function framesOf(pieces: Iterable<string>): Promise<Frame[]> {
  const encoder = new TextEncoder();
  async function* chunks() {
    for (const piece of pieces) yield encoder.encode(piece);
  }
  const frames: Frame[] = [];
  for await (const some of readAnswer({ chunks: chunks() })) frames.push(...some);
  return frames;
}

function* afterWhiteSpace() {
  for (let count = 0; count < 60_000; count++) yield "\n".repeat(64);
  yield '{"choices":[]}';
}

test("white space that keeps a connection open costs what it is long, and no more", async () => {
  const startedAt = performance.now();

  const frames = await framesOf(afterWhiteSpace());

  expect(frames).toEqual([{ kind: "whole", value: { choices: [] } }]);
  // Looking at all of it again for each piece takes more than a minute.
  expect(performance.now() - startedAt).toBeLessThan(3_000);
});
