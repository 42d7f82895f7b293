import { describe, expect, test } from "bun:test";
import * as fc from "fast-check";
import { type Cumulative, createIncrements } from "../../../../src/drivers/kserve/dialects/cumulative.ts";

const bytesOf = (text: string) => new TextEncoder().encode(text);

/** What comes out of texts, after each and at the end. */
function outputs(cumulative: Cumulative, texts: readonly (string | Uint8Array)[]): Uint8Array[] {
  const increments = createIncrements(cumulative);
  const given = texts.map((text) => increments.push(typeof text === "string" ? bytesOf(text) : text).slice());
  return [...given, increments.end().slice()];
}
const joined = (cumulative: Cumulative, texts: readonly (string | Uint8Array)[]) =>
  Buffer.concat(outputs(cumulative, texts)).toString();

const parts = fc.array(fc.string({ unit: "binary", maxLength: 6 }), { maxLength: 12 });
const wholes = (pieces: readonly Uint8Array[]) =>
  pieces.map((_, index) => Buffer.concat(pieces.slice(0, index + 1)));
/** The bytes of a text, cut anywhere. */
const pieces = fc
  .tuple(fc.string({ unit: "binary", maxLength: 40 }), fc.array(fc.nat({ max: 160 }), { maxLength: 10 }))
  .map(([text, ends]) => {
    const bytes = bytesOf(text.toWellFormed());
    const places = ends.map((end) => Math.min(end, bytes.length)).toSorted((one, other) => one - other);
    return [...places, bytes.length].map((end, index) => bytes.subarray(places[index - 1] ?? 0, end));
  });
/** Whether the second text, of those that say anything, begins with the first, or all of it but a broken end. */
function isAmbiguous(texts: readonly string[]): boolean {
  const [first, second] = texts.filter((text) => text !== "");
  return first !== undefined && second?.startsWith(first.replace(/\uFFFD+$/, "") || first) === true;
}

describe("texts that are known to be parts", () => {
  test("pass as they are, for any text", () => {
    fc.assert(
      fc.property(parts, (texts) => expect(joined(false, texts)).toBe(texts.join("").toWellFormed())),
    );
  });
});

describe("texts that are known to be wholes", () => {
  test("give each byte once, for any cut of any text", () => {
    fc.assert(
      fc.property(pieces, (cut) => expect(joined(true, wholes(cut))).toBe(Buffer.concat(cut).toString())),
    );
  });

  test("do not give a character before it is complete", () => {
    expect(outputs(true, ["caf\uFFFD", "café", "café\uFFFD"]).map(String)).toEqual(
      ["caf", "é", "", "\uFFFD"].map((text) => String(bytesOf(text))),
    );
  });

  test("keep what was given when a text is shorter or empty", () => {
    expect(joined(true, ["Hello", "", "Hel", "Hello you"])).toBe("Hello you");
  });
});

for (const assumed of ["likely", "unlikely"] as const) {
  describe(`texts of which wholes are ${assumed}`, () => {
    test("are parts unless the second begins with the first, for any text", () => {
      fc.assert(
        fc.property(
          parts.filter((texts) => !isAmbiguous(texts)),
          (texts) => expect(joined(assumed, texts)).toBe(texts.join("").toWellFormed()),
        ),
      );
    });

    test("are wholes when they grow, for any cut of any text", () => {
      const growing = pieces.map((cut) => cut.filter((piece) => piece.length > 0));
      fc.assert(
        fc.property(
          growing.filter((cut) => cut.length > 1 && !String(Buffer.concat(cut)).includes("\uFFFD")),
          (cut) => expect(joined(assumed, wholes(cut))).toBe(Buffer.concat(cut).toString()),
        ),
      );
    });

    test("give the first at once, and all that was held back when it is decided", () => {
      expect(
        outputs(assumed, ["On", "Once", "Once upon", "Once upon a"]).map((bytes) =>
          Buffer.from(bytes).toString(),
        ),
      ).toEqual(["On", "", "ce upon", " a", ""]);
      expect(outputs(assumed, ["ha", "ha", "!"]).map((bytes) => Buffer.from(bytes).toString())).toEqual([
        "ha",
        "",
        "ha!",
        "",
      ]);
    });

    test("that stay the same are parts after five, so that no answer is held back for long", () => {
      expect(
        joined(
          assumed,
          Array.from({ length: 100 }, () => "\n"),
        ),
      ).toBe("\n".repeat(100));
    });

    test("that end before they have shown what they are: growth tells", () => {
      expect(joined(assumed, ["Yes", "Yes."])).toBe("Yes.");
    });

    test("are not parts because of a character that is not complete yet", () => {
      expect(joined(assumed, ["caf\uFFFD", "café", "café au", "café au lait"])).toBe("café au lait");
    });

    test("of characters that never were complete are given as they are", () => {
      expect(joined(assumed, ["a\uFFFD", "b"])).toBe("a\uFFFDb");
    });
  });
}

test("texts that are the same, and end, are what is likely", () => {
  expect([joined("likely", ["Yes", "Yes"]), joined("unlikely", ["Yes", "Yes"])]).toEqual(["Yes", "YesYes"]);
});

test("what is held back is a few texts, however large they are", () => {
  const large = new Uint8Array(1_000_000).fill(97);
  const increments = createIncrements("unlikely");

  const given = Array.from({ length: 50 }, () => increments.push(large).length);

  expect(given.slice(0, 7)).toEqual([1e6, 0, 0, 0, 4e6, 1e6, 1e6]);
});
