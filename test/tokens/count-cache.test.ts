import { heapStats } from "bun:jsc";
import { expect, test } from "bun:test";
import { createCountCache } from "../../src/tokens/count-cache.ts";

const texts = (count: number, length: number) =>
  Array.from({ length: count }, (_, index) => `${index}`.padEnd(length, "."));

test("a count is remembered for its text and encoding", () => {
  const cache = createCountCache();

  cache.set("cl100k_base", "お誕生日おめでとう", 9);

  expect(cache.get("cl100k_base", "お誕生日おめでとう")).toBe(9);
  expect(cache.get("o200k_base", "お誕生日おめでとう")).toBeUndefined();
  expect(cache.get("cl100k_base", "toString")).toBeUndefined();
});

const bounds: readonly (readonly [string, number, number, number])[] = [
  ["1,024 texts", 5_000, 8, 1_024],
  ["262,144 characters", 200, 8_192, 32],
];
for (const [name, count, length, most] of bounds) {
  test(`no more is remembered than ${name}, the latest`, () => {
    const cache = createCountCache();
    const all = texts(count, length);

    for (const text of all) cache.set("cl100k_base", text, 1);

    const isKnown = (text: string) => cache.get("cl100k_base", text) !== undefined;
    expect(all.slice(0, -most).some(isKnown)).toBe(false);
    expect(all.slice(-most / 2).every(isKnown)).toBe(true);
  });
}

test("a text over 8,192 characters is not remembered", () => {
  const cache = createCountCache();
  const [text = ""] = texts(1, 8_193);

  cache.set("cl100k_base", text, 1);

  expect(cache.get("cl100k_base", text)).toBeUndefined();
});

test("what is asked for is kept while others come and go", () => {
  const cache = createCountCache();
  cache.set("cl100k_base", "user", 1);

  for (const text of texts(5_000, 8)) {
    cache.set("cl100k_base", text, 2);
    expect(cache.get("cl100k_base", "user")).toBe(1);
  }
});

test("a part of a long text does not keep the long text in memory", () => {
  const cache = createCountCache();
  const before = heapStats().heapSize;

  for (let index = 0; index < 100; index++) {
    const long = Buffer.alloc(5_000_000, `${index} words `).toString();
    cache.set("cl100k_base", long.slice(1_000, 2_000), 1);
  }
  Bun.gc(true);

  expect(heapStats().heapSize - before).toBeLessThan(50_000_000);
});
