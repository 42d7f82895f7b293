import { describe, expect, test } from "bun:test";
import { Value } from "@sinclair/typebox/value";
import { ErrorSchema } from "../../../src/api/common/fields.ts";
import { encode } from "../../../src/api/completions/encode.ts";
import { encodeStream, type EncodeStreamOptions } from "../../../src/api/completions/encode-stream.ts";
import { Completion, CompletionChunk } from "../../../src/api/completions/schema.ts";
import { collect } from "../../../src/core/collect.ts";
import { ServeError } from "../../../src/core/error.ts";
import { expectGolden, goldenCases } from "../../support/golden.ts";
import { joined, jsonFrames } from "../../support/sse-frames.ts";

const header = { id: "cmpl-golden", created: 1_763_600_000, model: "m" };
const defaults: EncodeStreamOptions = {
  prompts: [""],
  choicesPerPrompt: 1,
  echo: false,
  logprobs: false,
  includeUsage: false,
  headStart: false,
};

describe("the same events as a stream and as a body", () => {
  for (const { name, options, batches } of goldenCases<Partial<EncodeStreamOptions>>("completions")) {
    test(name, async () => {
      const all = { ...defaults, ...options };

      const stream = await joined(encodeStream(batches(), header, all));
      const body = await collect(batches()).then(
        (generation) => encode(generation, header, all),
        (error: unknown) => ({ thrown: ServeError.from(error).kind }),
      );

      expectGolden(name, `${stream}----------\n${JSON.stringify(body, null, 2)}\n`);
      for (const frame of jsonFrames(stream)) {
        expect(Value.Check(CompletionChunk, frame) || Value.Check(ErrorSchema, frame)).toBe(true);
      }
      expect(Value.Check(Completion, body) || "thrown" in body).toBe(true);
    });
  }
});
