import { expect, test } from "bun:test";
import { Value } from "@sinclair/typebox/value";
import * as fc from "fast-check";
import { type Answering, foldResponse, toResponseFrames } from "../../../src/api/responses/answer.ts";
import { ResponseSchema } from "../../../src/api/responses/answer-schema.ts";
import { ResponseEncoder } from "../../../src/api/responses/encoder.ts";
import type { EventBatch } from "../../../src/core/generation.ts";
import { arbitraryBatches, asStream } from "../../support/arbitrary-events.ts";
import { text } from "../../support/events.ts";
import { foldEvents, responseEvents } from "../../support/response-events.ts";
import { joined } from "../../support/sse-frames.ts";
import { begunResponse, encodeDefaults } from "./support.ts";

const keeper: Answering["keeper"] = { keep: async (response) => ({ ...response, completed_at: null }) };
const answers = arbitraryBatches(1, { toolCalls: "many", kinds: ["function", "custom"] });

test("a client that adds the stream up has the response", () =>
  fc.assert(
    fc.asyncProperty(answers, async (batches) => {
      const begun = begunResponse();
      const encoder = new ResponseEncoder(begun, encodeDefaults);
      const silent = new ResponseEncoder(begun, { ...encodeDefaults, after: Infinity });

      const stream = await joined(toResponseFrames({ batches: asStream(batches), encoder, keeper }));
      const body = await foldResponse({ batches: asStream(batches), encoder: silent, keeper });

      const events = responseEvents(stream);
      expect(Value.Check(ResponseSchema, body)).toBe(true);
      expect<object | undefined>(events.at(-1)?.response).toEqual(body);
      expect<readonly object[]>(foldEvents(events)).toEqual(body.output);
    }),
  ));

test("who goes on behind an event is sent what comes after it, and nothing else", () =>
  fc.assert(
    fc.asyncProperty(answers, fc.nat(30), async (batches, after) => {
      const begun = begunResponse(true);
      const framesAfter = (number: number) => {
        const encoder = new ResponseEncoder(begun, { ...encodeDefaults, after: number });
        return joined(toResponseFrames({ batches: asStream(batches), encoder, keeper }));
      };

      const all = responseEvents(await framesAfter(-1));
      const rest = responseEvents(await framesAfter(after), after + 1);

      expect(rest).toEqual(all.slice(after + 1));
    }),
  ));

test("an answer is no longer than what is held of one, with the alternatives of its tokens", () => {
  const long = "x".repeat(1 << 24);
  const logprob = { token: "a", logprob: 0, bytes: null };
  const alternatives = [{ ...logprob, token: long }];
  const tooLong: EventBatch[] = [
    [text(long), text(long), text("a")],
    [{ ...text("a"), logprobs: [{ ...logprob, top: [...alternatives, ...alternatives] }] }],
  ];

  for (const batch of tooLong) {
    const encoder = new ResponseEncoder(begunResponse(), { ...encodeDefaults, after: Infinity });
    expect(() => encoder.encode(batch)).toThrow("is longer than 33554432 characters");
  }
});
