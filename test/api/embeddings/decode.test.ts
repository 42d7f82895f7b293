import { describe, expect, test } from "bun:test";
import { Value } from "@sinclair/typebox/value";
import * as fc from "fast-check";
import { decode } from "../../../src/api/embeddings/decode.ts";
import { CreateEmbeddingRequest } from "../../../src/api/embeddings/schema.ts";
import { ServeError } from "../../../src/core/error.ts";
import type { EmbeddingInput, EmbeddingRequest } from "../../../src/core/generation.ts";

function decoded(body: Record<string, unknown>): EmbeddingRequest {
  const whole: unknown = { model: "m", ...body };
  if (!Value.Check(CreateEmbeddingRequest, whole)) throw new Error("The schema does not accept this body.");
  return decode(whole);
}

const text = (value: string): EmbeddingInput => ({ kind: "text", text: value });
const tokens = (...ids: number[]): EmbeddingInput => ({ kind: "tokens", tokens: ids });

describe("decodes", () => {
  for (const [name, input, inputs] of [
    ["a text", "red", [text("red")]],
    ["texts in their order", ["red", "blue"], [text("red"), text("blue")]],
    ["tokens as one input", [1, 2], [tokens(1, 2)]],
    ["lists of tokens", [[1], [2, 3]], [tokens(1), tokens(2, 3)]],
    ["2,048 texts", Array.from({ length: 2_048 }, () => "x"), Array.from({ length: 2_048 }, () => text("x"))],
  ] as const) {
    test(name, () => {
      expect(decoded({ input }).inputs).toEqual([...inputs]);
    });
  }

  test("nothing but what was given", () => {
    expect(decoded({ input: "x", dimensions: null, user: "me", encoding_format: "base64" })).toEqual({
      model: "m",
      inputs: [{ kind: "text", text: "x" }],
      extra: {},
    });
  });

  test("dimensions, and fields that it does not know", () => {
    expect(decoded({ input: "x", dimensions: 4, input_type: "query" })).toMatchObject({
      dimensions: 4,
      extra: { input_type: "query" },
    });
  });
});

describe("refuses", () => {
  for (const [name, input, code, param] of [
    ["no input", undefined, "missing_required_parameter", "input"],
    ["null", null, "missing_required_parameter", "input"],
    ["a number", 5, "invalid_type", "input"],
    ["an object", {}, "invalid_type", "input"],
    ["an empty text", "", "invalid_value", "input"],
    ["an empty text among others", ["a", ""], "invalid_value", "input[1]"],
    ["no items", [], "empty_array", "input"],
    ["no tokens", [[1], []], "empty_array", "input[1]"],
    ["2,049 texts", Array.from({ length: 2_049 }, () => "x"), "array_above_max_length", "input"],
    ["texts and tokens", ["a", 1], "invalid_type", "input"],
    ["tokens and texts", [1, "a"], "invalid_type", "input"],
    ["lists and texts", [[1], "a"], "invalid_type", "input"],
    ["fractions", [1.5], "invalid_type", "input"],
    ["what no encoding has as a token", [-1], "invalid_value", "input"],
  ] as const) {
    test(name, () => {
      expect(() => decoded({ input })).toThrow(
        expect.objectContaining({ kind: "invalid_request", code, param }),
      );
    });
  }
});

test("whatever is given is decoded or refused as a ServeError", () => {
  fc.assert(
    fc.property(fc.jsonValue(), (input) => {
      let outcome: unknown;
      try {
        outcome = decode({ model: "m", input });
      } catch (error) {
        outcome = error;
      }

      const isDecoded = typeof outcome === "object" && outcome !== null && "inputs" in outcome;
      expect(isDecoded || outcome instanceof ServeError).toBe(true);
    }),
  );
});
