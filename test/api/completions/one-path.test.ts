import { expect, test } from "bun:test";
import { Value } from "@sinclair/typebox/value";
import * as fc from "fast-check";
import { encode } from "../../../src/api/completions/encode.ts";
import { encodeStream } from "../../../src/api/completions/encode-stream.ts";
import { Completion, CompletionChunk } from "../../../src/api/completions/schema.ts";
import { collect } from "../../../src/core/collect.ts";
import { arbitraryBatches, asStream } from "../../support/arbitrary-events.ts";
import type { CompletionBody } from "../../support/openai-wire.ts";
import { joined, jsonFrames } from "../../support/sse-frames.ts";

const header = { id: "cmpl-1", created: 1, model: "m" };
const prompts = ["Once", ""];
const choices = prompts.length * 2;

for (const echo of [false, true]) {
  for (const headStart of [false, true]) {
    test(`a client that adds the stream up has the body, echo ${echo}, head start ${headStart}`, () =>
      fc.assert(
        fc.asyncProperty(
          arbitraryBatches(choices, { toolCalls: "none", kinds: ["function"] }),
          async (batches) => {
            const options = {
              prompts,
              choicesPerPrompt: 2,
              echo,
              logprobs: false,
              includeUsage: false,
              headStart,
            };

            const stream = await joined(encodeStream(asStream(batches), header, options));
            const body = encode(await collect(asStream(batches)), header, options);

            const chunks = jsonFrames<CompletionBody>(stream);
            expect(chunks.every((chunk) => Value.Check(CompletionChunk, chunk))).toBe(true);
            expect(Value.Check(Completion, body)).toBe(true);
            expect(addUp(chunks)).toEqual(
              body.choices.map((choice) => ({ text: choice.text, finishReasons: [choice.finish_reason] })),
            );
          },
        ),
      ));
  }
}

function addUp(chunks: readonly CompletionBody[]): { text: string; finishReasons: string[] }[] {
  const sums = Array.from({ length: choices }, () => ({ text: "", finishReasons: new Array<string>() }));
  for (const { index, text, finish_reason: finishReason } of chunks.flatMap((chunk) => chunk.choices)) {
    const sum = sums[index];
    if (sum === undefined) throw new Error(`Choice ${index} was not asked for.`);
    sum.text += text;
    if (finishReason !== null) sum.finishReasons.push(finishReason);
  }
  return sums;
}
