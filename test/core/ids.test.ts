import { expect, test } from "bun:test";
import { createId, createRequestId } from "../../src/core/ids.ts";

for (const [prefix, length] of [
  ["chatcmpl-", 29],
  ["call_", 24],
  ["", 1],
  ["x", 0],
] as const) {
  test(`an id is ${JSON.stringify(prefix)} and ${length} letters or digits`, () => {
    const id = createId(prefix, length);

    expect(id.slice(0, prefix.length)).toBe(prefix);
    expect(id.slice(prefix.length)).toMatch(new RegExp(`^[A-Za-z0-9]{${length}}$`));
  });
}

test("every letter and digit is about equally likely", () => {
  const drawn = 62_000;
  const counts = new Map<string, number>();

  for (const letter of createId("", drawn)) counts.set(letter, (counts.get(letter) ?? 0) + 1);

  // Expected are 1,000 of each; 200 away is more than six standard deviations.
  expect(counts.size).toBe(62);
  for (const count of counts.values()) expect(count).toBeWithin(800, 1_200);
});

test("ids do not repeat", () => {
  const ids = new Set(Array.from({ length: 1_000 }, () => createId("call_", 24)));

  expect(ids.size).toBe(1_000);
});

test("a request id is req_ and 32 hexadecimal digits", () => {
  expect(createRequestId()).toMatch(/^req_[0-9a-f]{32}$/);
});
