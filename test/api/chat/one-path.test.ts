import { expect, test } from "bun:test";
import { Value } from "@sinclair/typebox/value";
import * as fc from "fast-check";
import { encode } from "../../../src/api/chat/encode.ts";
import { encodeStream } from "../../../src/api/chat/encode-stream.ts";
import { ChatCompletion, ChatCompletionChunk } from "../../../src/api/chat/answer-schema.ts";
import { collect } from "../../../src/core/collect.ts";
import { type Abilities, arbitraryBatches, asStream } from "../../support/arbitrary-events.ts";
import { type FoldedChoice, foldChunks } from "../../support/chat-fold.ts";
import type { ChatBody, ChatChunk } from "../../support/openai-wire.ts";
import { joined, jsonFrames } from "../../support/sse-frames.ts";

const header = { id: "chatcmpl-1", created: 1, model: "m" };
const choices = 3;

const forms: [string, boolean, Abilities][] = [
  ["tools", false, { toolCalls: "many", kinds: ["function", "custom"] }],
  ["functions", true, { toolCalls: "one", kinds: ["function"] }],
];

for (const [form, functions, abilities] of forms) {
  for (const headStart of [false, true]) {
    test(`a client that adds the stream up has the body, with ${form}${headStart ? " after a head start" : ""}`, () =>
      fc.assert(
        fc.asyncProperty(arbitraryBatches(choices, abilities), async (batches) => {
          const options = { choices, includeUsage: false, functions, logprobs: false, headStart };

          const stream = await joined(encodeStream(asStream(batches), header, options));
          const body = encode(await collect(asStream(batches)), header, options);

          const chunks = jsonFrames<ChatChunk>(stream);
          expect(chunks.every((chunk) => Value.Check(ChatCompletionChunk, chunk))).toBe(true);
          expect(Value.Check(ChatCompletion, body)).toBe(true);
          expect(foldChunks(chunks, choices)).toEqual(asFolded(JSON.parse(JSON.stringify(body))));
        }),
      ));
  }
}

/** The choices of a body, in the form that adding up gives. */
function asFolded(body: ChatBody): FoldedChoice[] {
  return body.choices.map(({ message, finish_reason: finishReason }) => ({
    roles: 1,
    content: message.content ?? "",
    refusal: message.refusal ?? "",
    reasoning: "reasoning_content" in message ? String(message.reasoning_content) : "",
    calls: (message.tool_calls ?? []).map(foldedCall),
    functionCall: message.function_call,
    finishReasons: [finishReason],
  }));
}

interface AnyCall {
  id: string;
  type: string;
  function?: { name: string; arguments: string };
  custom?: { name: string; input: string };
}

function foldedCall({ id, type, function: called, custom }: AnyCall): FoldedChoice["calls"][number] {
  return { id, type, name: called?.name ?? custom?.name, text: called?.arguments ?? custom?.input ?? "" };
}
