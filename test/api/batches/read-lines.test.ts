import { describe, expect, test } from "bun:test";
import * as fc from "fast-check";
import { readLines } from "../../../src/api/batches/input/read-lines.ts";

async function* parted(bytes: Uint8Array, sizes: readonly number[]): AsyncGenerator<Uint8Array> {
  let start = 0;
  for (const size of [...sizes, bytes.length]) {
    yield bytes.subarray(start, start + size);
    start += size;
  }
}

async function linesOf(text: string, sizes: readonly number[] = [], maxBytes = 1_000) {
  const lines = await Array.fromAsync(readLines(parted(Buffer.from(text), sizes), maxBytes));
  return lines.map(({ index, line, bytes }) => [index, line, bytes && Buffer.from(bytes).toString()]);
}

describe("the lines of a file", () => {
  test("are the same however the file comes", async () => {
    const text = fc
      .array(fc.constantFrom("a", "é", "\n", "\n\n", " ", "\r\n", "\t"))
      .map((parts) => parts.join(""));
    await fc.assert(
      fc.asyncProperty(text, fc.array(fc.nat(5)), async (whole, sizes) => {
        const expected = whole
          .split("\n")
          .map((content, index) => [index + 1, content] as const)
          .filter(([, content]) => content.trim() !== "")
          .map(([line, content], index) => [index, line, content]);

        expect(await linesOf(whole, sizes)).toEqual(expected);
      }),
    );
  });

  test("are too long or not, and none of that is kept", async () => {
    expect(await linesOf("123\n1234\n12345\n1", [2, 2, 2], 4)).toEqual([
      [0, 1, "123"],
      [1, 2, "1234"],
      [2, 3, undefined],
      [3, 4, "1"],
    ]);
  });

  test("begin behind a byte order mark, which stands on the first line only", async () => {
    expect(await linesOf("\uFEFFa\n\uFEFFb")).toEqual([
      [0, 1, "a"],
      [1, 2, "\uFEFFb"],
    ]);
  });
});
