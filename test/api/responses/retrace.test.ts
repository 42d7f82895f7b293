import { expect, test } from "bun:test";
import * as fc from "fast-check";
import { encoderOf, RunState, toRunHead } from "../../../src/api/responses/background/run-record.ts";
import { type Ending, ResponseEncoder } from "../../../src/api/responses/encoder.ts";
import { type ResponseHead, readHead } from "../../../src/api/responses/layout.ts";
import { retrace } from "../../../src/api/responses/retrace.ts";
import type { EventBatch, GenerationEvent } from "../../../src/core/generation.ts";
import { arbitraryBatches } from "../../support/arbitrary-events.ts";
import { responseEvents } from "../../support/response-events.ts";
import { begunResponse, encodeDefaults } from "./support.ts";

const done = "data: [DONE]\n\n";
const options = { ...encodeDefaults, logprobs: true };
const key = { collection: "response", owner: "", id: "resp_golden" } as const;

const endings: Ending[] = [
  { kind: "finished" },
  { kind: "cancelled" },
  {
    kind: "failed",
    error: { message: "The model server failed.", type: "server_error", param: null, code: null },
  },
];
const answers = arbitraryBatches(1, { toolCalls: "many", kinds: ["function", "custom"] });

/** Some deltas get the logprobs of so many tokens. */
function withLogprobs(batches: readonly EventBatch[], counts: readonly number[]): EventBatch[] {
  let next = 0;
  const logprob = { token: "t", logprob: -1, bytes: [116], top: [{ token: "u", logprob: -2, bytes: null }] };
  return batches.map((batch) =>
    batch.map((event): GenerationEvent => {
      const count = counts[next++ % counts.length] ?? 0;
      return event.type === "text-delta" && count > 0
        ? { ...event, logprobs: Array.from({ length: count }, () => logprob) }
        : event;
    }),
  );
}

test("what is kept of a response in the background tells its events as they were", () =>
  fc.assert(
    fc.asyncProperty(
      answers,
      fc.array(fc.nat(3), { minLength: 1 }),
      fc.constantFrom(...endings),
      fc.nat(20),
      async (whole, counts, ending, length) => {
        const batches = withLogprobs(ending.kind === "finished" ? whole : whole.slice(0, length), counts);
        const begun = begunResponse(true);
        const head: ResponseHead = { response: begun, inputs: 0, run: toRunHead(options) };
        const live = new ResponseEncoder(begun, options);
        const state = new RunState(head);

        let frames = live.opening();
        for (const batch of batches) {
          frames += live.encode(batch);
          state.add(batch);
        }
        const { response, change } = await state.end(ending, { key, version: 1 });
        frames += live.ending(response, ending);

        const stored = readHead({ text: change.kind === "put" ? (change.text ?? "") : "" });
        const again = encoderOf(stored, -1);
        const told =
          again.opening() +
          again.encode(retrace(response.output, stored.run?.trace ?? { cuts: [] })) +
          again.ending(response, ending);
        expect(responseEvents(told + done)).toEqual(responseEvents(frames + done));
      },
    ),
  ));
