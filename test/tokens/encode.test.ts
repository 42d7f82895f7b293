import { afterAll, describe, expect, test } from "bun:test";
import * as fc from "fast-check";
import { createTokenCounter } from "../../src/tokens/counter.ts";
import type { Encoding } from "../../src/tokens/encoding.ts";
import { longestTurnMs, maxTurnMs } from "../support/event-loop.ts";
import { rejection } from "../support/rejection.ts";
import { recordingLog } from "./recording-log.ts";

const counter = createTokenCounter(recordingLog());
afterAll(() => counter.close());

describe("a text is encoded", () => {
  const cases: readonly (readonly [string, Encoding, string, readonly number[]])[] = [
    ["a greeting", "cl100k_base", "Hello, world", [9906, 11, 1917]],
    ["nothing", "cl100k_base", "", []],
    [
      "what looks like a special token, as text",
      "cl100k_base",
      "<|endoftext|>",
      [27, 91, 8862, 728, 428, 91, 29],
    ],
    ["with another encoding", "o200k_base", "Hello, world", [13225, 11, 2375]],
  ];
  for (const [name, encoding, text, tokens] of cases) {
    test(name, async () => {
      expect(Array.from(await counter.encode(encoding, text))).toEqual([...tokens]);
    });
  }

  test("and decoded again, whatever it is", () =>
    fc.assert(
      fc.asyncProperty(fc.string({ unit: "grapheme", maxLength: 2_000 }), async (text) => {
        const tokens = await counter.encode("o200k_base", text);

        expect(await counter.decode("o200k_base", Array.from(tokens))).toBe(text.toWellFormed());
      }),
      { numRuns: 50 },
    ));

  test("to as many tokens as are counted", async () => {
    const text = `${"many words ".repeat(2_000)}${"=".repeat(2_000)}${"😀".repeat(2_000)}`;

    const [tokens, { counts }] = await Promise.all([
      counter.encode("cl100k_base", text),
      counter.count("cl100k_base", [text]),
    ]);

    expect(tokens.length).toBe(counts[0] ?? 0);
  });

  test("of a million characters, while other work gets its turn", async () => {
    const text = Buffer.from("many words and more ".repeat(50_000)).toString();
    await counter.encode("cl100k_base", "warm");
    let length = 0;

    const turnMs = await longestTurnMs(20, async () => {
      length = (await counter.encode("cl100k_base", text)).length;
    });

    expect(length).toBe(200_001);
    expect(turnMs).toBeLessThan(maxTurnMs);
  });

  for (const [name, param, given] of [
    ["a longer one", "prompt", undefined],
    ["a longer one of another field", "messages", "messages"],
  ] as const) {
    test(`but ${name} is refused`, async () => {
      const failure = await rejection(counter.encode("cl100k_base", "x".repeat(1_000_001), given));

      expect(failure).toMatchObject({ kind: "invalid_request", code: "string_above_max_length", param });
    });
  }

  test("but not after the end", async () => {
    const closed = createTokenCounter(recordingLog());
    closed.close();

    expect(await rejection(closed.encode("cl100k_base", "x"))).toMatchObject({ kind: "unavailable" });
  });
});

describe("tokens are spelt out", () => {
  test("one by one", async () => {
    const texts = await counter.spell("cl100k_base", Uint32Array.of(9906, 11, 1917));

    expect(texts).toEqual(["Hello", ",", " world"]);
  });

  test("also those that are parts of a character", async () => {
    const tokens = await counter.encode("cl100k_base", "🫠");

    const texts = await counter.spell("cl100k_base", tokens);

    expect(texts.length).toBeGreaterThan(1);
    expect(texts.every((text) => text.includes("\uFFFD"))).toBe(true);
  });

  test("unless the encoding does not have them", async () => {
    const failure = await rejection(counter.spell("cl100k_base", Uint32Array.of(9906, 4_000_000_000)));

    expect(failure).toMatchObject({ kind: "invalid_request", code: "invalid_value", param: "tokens" });
  });

  test("thousands at once, while other work gets its turn", async () => {
    const tokens = new Uint32Array(16_384).fill(1917);
    let texts: readonly string[] = [];

    const turnMs = await longestTurnMs(20, async () => {
      texts = await counter.spell("cl100k_base", tokens);
    });

    expect(texts.length).toBe(16_384);
    expect(new Set(texts)).toEqual(new Set([" world"]));
    expect(turnMs).toBeLessThan(maxTurnMs);
  });
});
