import { describe, expect, test } from "bun:test";
import { Value } from "@sinclair/typebox/value";
import * as fc from "fast-check";
import { decode } from "../../../src/api/completions/decode.ts";
import { CompletionRequest } from "../../../src/api/completions/schema.ts";
import { ServeError } from "../../../src/core/error.ts";
import type { GenerationRequest } from "../../../src/core/generation.ts";
import { arbitraryFor } from "../../support/arbitrary-schema.ts";

function decoded(body: unknown): GenerationRequest[] {
  if (!Value.Check(CompletionRequest, body)) throw new Error("The schema does not accept this body.");
  return decode(body);
}

test("a prompt alone gets OpenAI's 16 tokens and nothing else", () => {
  expect(decoded({ prompt: "Once" })).toEqual([
    {
      model: "",
      prompt: { kind: "text", text: "Once" },
      sampling: { maxTokens: 16 },
      choices: 1,
      tools: [],
      toolChoice: { mode: "none" },
      parallelToolCalls: false,
      output: { kind: "text" },
      stream: false,
      extra: Object.create(null),
    },
  ]);
});

const text = (value: string) => ({ kind: "text", text: value });
const tokens = (...values: number[]) => ({ kind: "tokens", tokens: values });
const prompts: [string, unknown, unknown[]][] = [
  ["none as the start of a document", undefined, [text("<|endoftext|>")]],
  ["null as none", null, [text("<|endoftext|>")]],
  ["an empty text", "", [text("")]],
  ["several texts", ["a", ""], [text("a"), text("")]],
  ["tokens", [1, 0, 4_294_967_295], [tokens(1, 0, 4_294_967_295)]],
  ["several lists of tokens", [[1], [2, 3]], [tokens(1), tokens(2, 3)]],
];

describe("decodes a prompt of", () => {
  for (const [what, prompt, expected] of prompts) {
    test(what, () => {
      expect(decoded({ prompt }).map((request) => request.prompt as unknown)).toEqual(expected);
    });
  }
});

const badPrompts: [string, unknown, string, string][] = [
  ["a number", 5, "invalid_type", "prompt"],
  ["an object", {}, "invalid_type", "prompt"],
  ["no items", [], "empty_array", "prompt"],
  ["an empty list of tokens", [[1], []], "empty_array", "prompt[1]"],
  ["texts and numbers", ["a", 1], "invalid_type", "prompt"],
  ["numbers and texts", [1, "a"], "invalid_type", "prompt"],
  ["lists and texts", [[1], "a"], "invalid_type", "prompt"],
  ["deeper lists", [[[1]]], "invalid_type", "prompt[0]"],
  ["null items", [null], "invalid_type", "prompt"],
  ["fractions", [1.5], "invalid_type", "prompt"],
  ["a negative token", [1, -1], "invalid_value", "prompt"],
  ["a token beyond all encodings", [[4_294_967_296]], "invalid_value", "prompt[0]"],
  ["more than 128 texts", Array.from({ length: 129 }, () => "a"), "array_above_max_length", "prompt"],
  ["too many tokens", Array.from({ length: 262_145 }, () => 1), "array_above_max_length", "prompt"],
];

describe("refuses a prompt of", () => {
  for (const [what, prompt, code, param] of badPrompts) {
    test(what, () => {
      expect(() => decoded({ prompt })).toThrow(
        expect.objectContaining({ kind: "invalid_request", code, param }),
      );
    });
  }
});

const fields: [string, Record<string, unknown>, Partial<GenerationRequest>][] = [
  ["max_tokens", { max_tokens: 5 }, { sampling: { maxTokens: 5 } }],
  [
    "max_tokens 0 of a request that only scores",
    { max_tokens: 0, echo: true },
    { sampling: { maxTokens: 0 } },
  ],
  ["logprobs 0 as asked for", { logprobs: 0 }, { logprobs: { top: 0 } }],
  ["logprobs of the prompt", { logprobs: 2, echo: true }, { logprobs: { top: 2 }, echoLogprobs: true }],
  ["a suffix", { suffix: "x" }, { suffix: "x" }],
  ["an empty suffix as none", { suffix: "" }, {}],
  ["as many candidates as answers", { n: 2, best_of: 2 }, { choices: 2 }],
  ["as many candidates as answers in a stream", { best_of: 1, stream: true }, { stream: true }],
  ["more candidates than answers", { n: 2, best_of: 3 }, { choices: 2, bestOf: 3 }],
  [
    "stop and stream",
    { stop: ["a"], stream: true },
    { sampling: { maxTokens: 16, stop: ["a"] }, stream: true },
  ],
];

describe("decodes", () => {
  for (const [what, body, expected] of fields) {
    test(what, () => {
      const [plain] = decoded({ prompt: "a" });

      expect(decoded({ prompt: "a", ...body }) as unknown).toEqual([{ ...plain, ...expected }]);
    });
  }
});

const contradictions: [string, Record<string, unknown>, string, string][] = [
  ["fewer candidates than answers", { n: 2, best_of: 1 }, "invalid_value", "best_of"],
  ["a stream of the best candidates", { n: 1, best_of: 2, stream: true }, "invalid_value", "best_of"],
  ["more than 128 answers in all", { prompt: ["a", "b"], n: 65 }, "array_above_max_length", "prompt"],
];

describe("refuses", () => {
  for (const [what, body, code, param] of contradictions) {
    test(what, () => {
      expect(() => decoded({ prompt: "a", ...body })).toThrow(
        expect.objectContaining({ kind: "invalid_request", code, param }),
      );
    });
  }
});

test("whatever the schema accepts is decoded or refused as a ServeError", () => {
  fc.assert(
    fc.property(arbitraryFor(CompletionRequest), (body) => {
      const valid = Value.Check(CompletionRequest, body);
      fc.pre(valid);
      if (!valid) return;

      let thrown: unknown;
      try {
        decode(body);
      } catch (error) {
        thrown = error;
      }

      expect(thrown === undefined || (thrown instanceof ServeError && thrown.status === 400)).toBe(true);
    }),
    { numRuns: 200 },
  );
});
