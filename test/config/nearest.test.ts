import { expect, test } from "bun:test";
import { nearest } from "../../src/config/nearest.ts";

const words: readonly [string, string | undefined][] = [
  ["endpiont", "endpoint"],
  ["endpoin", "endpoint"],
  ["Endpoint", "endpoint"],
  ["prot", "port"],
  ["colour", undefined],
  ["x", undefined],
];
for (const [word, meant] of words) {
  test(`${word} means ${meant ?? "nothing known"}`, () => {
    expect(nearest(word, ["endpoint", "template", "port"])).toBe(meant);
  });
}
