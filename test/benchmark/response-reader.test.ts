import { describe, expect, test } from "bun:test";
import { ResponseReader } from "../../scripts/benchmark/load/response-reader.ts";

const withLength = "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 5\r\n\r\nhello";
const chunked =
  "HTTP/1.1 404 Not Found\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhe\r\n3\r\nllo\r\n0\r\n\r\n";

describe("ResponseReader", () => {
  for (const [name, response, status] of [
    ["with a length", withLength, 200],
    ["in chunks", chunked, 404],
  ] as const) {
    for (const size of [1, 2, 7, 1_000]) {
      test(`reads a response ${name}, ${size} bytes at a time`, () => {
        const reader = new ResponseReader();

        const completed = pieces(response, size).map((piece) => reader.read(piece));

        expect(completed.filter(Boolean)).toEqual([true]);
        expect(completed.at(-1)).toBe(true);
        expect(reader.status).toBe(status);
        expect(reader.body.toString()).toBe("hello");
      });
    }
  }

  test("reads the next response after a reset", () => {
    const reader = new ResponseReader();
    reader.read(Buffer.from(chunked));
    reader.reset();

    const isComplete = reader.read(Buffer.from(withLength));

    expect(isComplete).toBe(true);
    expect(reader.body.toString()).toBe("hello");
  });

  test("refuses more than one response", () => {
    const reader = new ResponseReader();

    expect(() => reader.read(Buffer.from(withLength + withLength))).toThrow("more than one");
  });
});

function pieces(text: string, size: number): Buffer[] {
  const bytes = Buffer.from(text);
  return Array.from({ length: Math.ceil(bytes.length / size) }, (_, index) =>
    bytes.subarray(index * size, (index + 1) * size),
  );
}
