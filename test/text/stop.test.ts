import { describe, expect, test } from "bun:test";
import * as fc from "fast-check";
import { createStopMatcher } from "../../src/text/stop.ts";

/** Everything that a client sees of `pieces`, and the stop string that ended them. */
function run(stops: readonly string[], pieces: readonly string[]): { shown: string[]; stop?: string } {
  const matcher = createStopMatcher(stops);
  const shown: string[] = [];
  for (const piece of pieces) {
    const { text, stop } = matcher.push(piece);
    shown.push(text);
    if (stop !== undefined) return { shown, stop };
  }
  return { shown: [...shown, matcher.flush()] };
}

/** `text` in pieces that end at `places`. */
function cutAt(text: string, places: readonly number[]): string[] {
  const ends = [...places.toSorted((a, b) => a - b).filter((place) => place < text.length), text.length];
  return ends.map((end, index) => text.slice(ends[index - 1] ?? 0, end));
}

function shortestTimeMs(work: () => unknown): number {
  const times = Array.from({ length: 9 }, () => {
    const started = performance.now();
    work();
    return performance.now() - started;
  });
  return Math.min(...times);
}

/** The definition, by trying every end in turn. */
function search(stops: readonly string[], text: string): { shown: string; stop?: string } {
  for (let end = 1; end <= text.length; end++) {
    const [stop] = stops
      .filter((candidate) => candidate !== "" && text.slice(0, end).endsWith(candidate))
      .toSorted((a, b) => b.length - a.length);
    if (stop !== undefined) return { shown: text.slice(0, end - stop.length), stop };
  }
  return { shown: text };
}

const cases: readonly (readonly [string, string[], string[], { shown: string[]; stop?: string }])[] = [
  ["text without a stop string passes", ["END"], ["a ", "b"], { shown: ["a ", "b", ""] }],
  ["nothing is shown from the stop string on", ["END"], ["oneENDtwo"], { shown: ["one"], stop: "END" }],
  ["a beginning is held back", ["END"], ["oneE", "N"], { shown: ["one", "", "EN"] }],
  [
    "what was held back is shown once it leads nowhere",
    ["END"],
    ["oneE", "Nd"],
    { shown: ["one", "ENd", ""] },
  ],
  [
    "a stop string is found across pieces",
    ["END"],
    ["oneE", "N", "Dtwo"],
    { shown: ["one", "", ""], stop: "END" },
  ],
  ["a new beginning inside an old one counts", ["aab"], ["aa", "ab"], { shown: ["", "a"], stop: "aab" }],
  ["the first to be complete wins", ["abcd", "bc"], ["abcd"], { shown: ["a"], stop: "bc" }],
  ["of two that end together the longer wins", [">", "</s>"], ["hi</s>"], { shown: ["hi"], stop: "</s>" }],
  ["the end alone is no stop string", ["abc"], ["xbc"], { shown: ["xbc", ""] }],
  ["an empty stop string never matches", [""], ["abc"], { shown: ["abc", ""] }],
  ["without stop strings all passes", [], ["abc"], { shown: ["abc", ""] }],
  ["a line's end stops", ["\n"], ["one\ntwo"], { shown: ["one"], stop: "\n" }],
  ["an emoji stops", ["😀"], ["a😁b😀c"], { shown: ["a😁b"], stop: "😀" }],
  ["half an emoji does not", ["\ude00", "\ud83d"], ["a😀"], { shown: ["a😀", ""] }],
  ["half a pair waits for the other half", ["END"], ["a\ud83d", "\ude00b"], { shown: ["a", "😀b", ""] }],
  ["half a pair is shown at the end", ["END"], ["a\ud83d"], { shown: ["a", "\ud83d"] }],
  ["other characters with the same low byte pass", ["A"], ["\u0141\u0241"], { shown: ["\u0141\u0241", ""] }],
];

for (const [name, stops, pieces, outcome] of cases) {
  test(name, () => {
    expect(run(stops, pieces)).toEqual(outcome);
  });
}

test("nothing comes after a stop string", () => {
  const matcher = createStopMatcher(["END"]);
  matcher.push("oneENDtwo");

  expect([matcher.push("three"), matcher.flush()]).toEqual([{ text: "" }, ""]);
});

test("matchers for the same stop strings do not disturb each other", () => {
  const stops = ["END"];
  const [first, second] = [createStopMatcher(stops), createStopMatcher(stops)];

  first.push("E");
  const other = second.push("ND");
  const { stop } = first.push("ND");

  expect([other.text, stop]).toEqual(["ND", "END"]);
});

test("too long stop strings are refused by name", () => {
  const tooLong = ["x".repeat(8_192), "y"];

  expect(() => createStopMatcher(tooLong)).toThrow(
    expect.objectContaining({ kind: "invalid_request", param: "stop" }),
  );
});

describe("for every text, stop strings and pieces", () => {
  const letters = fc.constantFrom("a", "b", "\n", "é", "漢", "😀", "😁");
  const strings = (constraints: fc.ArrayConstraints) =>
    fc.array(letters, constraints).map((characters) => characters.join(""));
  const stopStrings = fc.array(strings({ maxLength: 6 }), { maxLength: 20 });
  const cuts = fc.array(fc.nat(80), { maxLength: 30 });
  test("the outcome is that of a search in the whole text", () => {
    fc.assert(
      fc.property(strings({ maxLength: 40 }), stopStrings, cuts, (text, stops, places) => {
        const pieces = cutAt(text, places);

        const { shown, ...rest } = run(stops, pieces);

        expect({ shown: shown.join(""), ...rest }).toEqual(search(stops, text));
      }),
      { numRuns: 20_000 },
    );
  });

  test("what is shown never ends inside a character", () => {
    fc.assert(
      fc.property(strings({ maxLength: 40 }), stopStrings, cuts, (text, stops, places) => {
        const { shown } = run(stops, cutAt(text, places));

        expect(shown.filter((piece) => !piece.isWellFormed())).toEqual([]);
      }),
      { numRuns: 5_000 },
    );
  });

  test("no more is held back than could begin a stop string", () => {
    fc.assert(
      fc.property(strings({ maxLength: 40 }), stopStrings, (text, stops) => {
        const matcher = createStopMatcher(stops);

        const { text: shown, stop } = matcher.push(text);
        const held = text.slice(shown.length);

        if (stop === undefined) expect(held === "" || stops.some((one) => one.startsWith(held))).toBe(true);
      }),
      { numRuns: 5_000 },
    );
  });
});

describe("time grows with the text, not faster", () => {
  const hard: readonly (readonly [string, (size: number) => string[], (size: number) => string[]])[] = [
    [
      "one long stop string that almost matches, letter by letter",
      (n) => ["a".repeat(n / 64) + "b"],
      (n) => Array(n).fill("a"),
    ],
    [
      "one long stop string that almost matches, in one piece",
      (n) => ["a".repeat(n / 64) + "b"],
      (n) => ["a".repeat(n)],
    ],
    [
      "stop strings that are ends of each other",
      () => Array.from({ length: 100 }, (_, index) => "a".repeat(index + 1) + "b"),
      (n) => ["a".repeat(n)],
    ],
    [
      "a long stop string that fails at its last letter",
      (n) => ["a".repeat(n / 64) + "b"],
      (n) => [`${"a".repeat(n / 64)}c`.repeat(64)],
    ],
    [
      "16 first letters that are rare",
      () => Array.from("bcdefghijklmnopq", (letter) => `${letter}!`),
      (n) => ["a".repeat(n)],
    ],
  ];
  // Eight times the text takes eight times as long, or 64 times if the search were quadratic: the bound lies between,
  // far enough from both for a machine that does other things too.
  const size = 32_768;
  for (const [name, toStops, toPieces] of hard) {
    test(name, () => {
      const single = { stops: toStops(size), pieces: toPieces(size) };
      const eightfold = { stops: toStops(8 * size), pieces: toPieces(8 * size) };
      shortestTimeMs(() => run(single.stops, single.pieces));

      const once = shortestTimeMs(() => run(single.stops, single.pieces));
      const longer = shortestTimeMs(() => run(eightfold.stops, eightfold.pieces));

      expect(longer).toBeLessThan(24 * once + 0.5);
    });
  }
});
