import { describe, expect, test } from "bun:test";
import { Value } from "@sinclair/typebox/value";
import { encode } from "../../../src/api/chat/encode.ts";
import { encodeStream, type EncodeStreamOptions } from "../../../src/api/chat/encode-stream.ts";
import { ChatCompletion, ChatCompletionChunk } from "../../../src/api/chat/answer-schema.ts";
import { ErrorSchema } from "../../../src/api/common/fields.ts";
import { collect } from "../../../src/core/collect.ts";
import { ServeError } from "../../../src/core/error.ts";
import { expectGolden, goldenCases } from "../../support/golden.ts";
import { joined, jsonFrames } from "../../support/sse-frames.ts";

const header = { id: "chatcmpl-golden", created: 1_763_600_000, model: "m" };
const defaults: EncodeStreamOptions = {
  choices: 1,
  includeUsage: false,
  functions: false,
  logprobs: false,
  headStart: false,
};

describe("the same events as a stream and as a body", () => {
  for (const { name, options, batches } of goldenCases<Partial<EncodeStreamOptions>>("chat")) {
    test(name, async () => {
      const all = { ...defaults, ...options };

      const stream = await joined(encodeStream(batches(), header, all));
      const body = await collect(batches()).then(
        (generation) => encode(generation, header, all),
        (error: unknown) => ({ thrown: ServeError.from(error).kind }),
      );

      expectGolden(name, `${stream}----------\n${JSON.stringify(body, null, 2)}\n`);
      for (const frame of jsonFrames(stream)) {
        expect(Value.Check(ChatCompletionChunk, frame) || Value.Check(ErrorSchema, frame)).toBe(true);
      }
      expect(Value.Check(ChatCompletion, body) || "thrown" in body).toBe(true);
    });
  }
});
