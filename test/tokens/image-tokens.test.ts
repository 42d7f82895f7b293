import { expect, test } from "bun:test";
import { countImageTokens, readImageSize } from "../../src/tokens/image-tokens.ts";

const costs: readonly (readonly [
  string,
  { width: number; height: number } | undefined,
  string | undefined,
  number,
])[] = [
  ["low detail", { width: 4_096, height: 4_096 }, "low", 85],
  ["1024 square", { width: 1_024, height: 1_024 }, "high", 765],
  ["2048 by 4096", { width: 2_048, height: 4_096 }, "high", 1_105],
  ["small, which is not made larger", { width: 200, height: 200 }, "auto", 255],
  ["unknown", undefined, undefined, 765],
  ["nothing to see", { width: 0, height: 10 }, undefined, 85],
];

for (const [name, size, detail, tokens] of costs) {
  test(`an image costs ${tokens} tokens: ${name}`, () => {
    expect(countImageTokens(size, detail)).toBe(tokens);
  });
}

const png = [
  0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 0, 0, 0, 13, 73, 72, 68, 82, 0, 0, 4, 0, 0, 0, 2, 0,
];
const gif = [0x47, 0x49, 0x46, 0x38, 0x39, 0x61, 0x00, 0x04, 0x00, 0x02];
const app0 = [0xff, 0xe0, 0, 4, 1, 2];
const jpeg = [0xff, 0xd8, ...app0, 0xff, 0xc2, 0, 17, 8, 0x02, 0x00, 0x04, 0x00, 3];
const toUrl = (bytes: number[]) => `data:image/x;base64,${Buffer.from(bytes).toString("base64")}`;

for (const [name, bytes] of [
  ["PNG", png],
  ["GIF", gif],
  ["JPEG", jpeg],
] as const) {
  test(`the size of a ${name} is in its first bytes`, () => {
    expect(readImageSize(toUrl(bytes))).toEqual({ width: 1_024, height: 512 });
  });
}

const unknown: readonly (readonly [string, string])[] = [
  ["an address", "https://example.com/cat.png"],
  ["a cut PNG", toUrl(png.slice(0, 20))],
  ["a cut JPEG", toUrl(jpeg.slice(0, 12))],
  ["something else", toUrl([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12])],
  ["nothing", "data:image/png;base64,"],
  ["no base64", "data:image/svg+xml,<svg/>"],
];

for (const [name, url] of unknown) {
  test(`the size is unknown of ${name}`, () => {
    expect(readImageSize(url)).toBeUndefined();
  });
}
