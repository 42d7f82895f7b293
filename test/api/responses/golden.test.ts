import { describe, expect, test } from "bun:test";
import { Value } from "@sinclair/typebox/value";
import { type Answering, foldResponse, toResponseFrames } from "../../../src/api/responses/answer.ts";
import { ResponseSchema } from "../../../src/api/responses/answer-schema.ts";
import { type EncodeOptions, ResponseEncoder } from "../../../src/api/responses/encoder.ts";
import { ServeError } from "../../../src/core/error.ts";
import { expectGolden, goldenCases } from "../../support/golden.ts";
import { foldEvents, responseEvents } from "../../support/response-events.ts";
import { joined } from "../../support/sse-frames.ts";
import { begunResponse, encodeDefaults } from "./support.ts";

const keeper: Answering["keeper"] = {
  keep: async (response) => ({
    ...response,
    ...(response.status === "completed" && { completed_at: 1_763_600_001 }),
  }),
};

describe("the same events as a stream and as a response", () => {
  for (const { name, options, batches } of goldenCases<Partial<EncodeOptions> & { background?: boolean }>(
    "responses",
  )) {
    test(name, async () => {
      const { background = false, ...encoding } = options;
      const begun = begunResponse(background);
      const all = { ...encodeDefaults, ...encoding };

      const stream = await joined(
        toResponseFrames({ batches: batches(), encoder: new ResponseEncoder(begun, all), keeper }),
      );
      const silent = new ResponseEncoder(begun, { ...all, after: Infinity });
      const body: unknown = await foldResponse({ batches: batches(), encoder: silent, keeper }).catch(
        (error: unknown) => ({ thrown: ServeError.from(error).kind }),
      );

      const events = responseEvents(stream);
      const last = events.at(-1)?.response;
      expectGolden(name, `${stream}----------\n${JSON.stringify(body, null, 2)}\n`);
      expect(events[0]?.type).toBe("response.created");
      expect(last?.output.map((item) => ({ ...item, status: "" }))).toEqual(
        foldEvents(events).map((item) => ({ ...item, status: "" })),
      );
      if (Value.Check(ResponseSchema, body)) expect<object>(body).toEqual(last ?? {});
      else expect(body).toHaveProperty("thrown");
    });
  }
});
