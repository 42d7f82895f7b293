import { describe, expect, jest, test } from "bun:test";
import * as fc from "fast-check";
import { ServeError } from "../../../src/core/error.ts";
import type { GenerationRequest } from "../../../src/core/generation.ts";
import { run } from "../../support/calls.ts";
import { assertContract } from "../../support/contract.ts";
import { callDelta, callStart, finish, text, usage } from "../../support/events.ts";
import { silence, type Step } from "../../support/scripted.ts";
import { format, weather, strictWeather, news, createBench, says, calls } from "./bench.ts";

describe("usage", () => {
  test("has the tokens of all attempts, as the backend says", async () => {
    const { generation } = createBench([
      [...says("x"), [usage(10, 5, { cachedTokens: 2 })]],
      [...says('{"city":"P"}'), [usage(20, 6, { cachedTokens: 3 })]],
    ]);

    expect((await generation({ output: format })).usage).toMatchObject({
      promptTokens: 30,
      completionTokens: 11,
      cachedTokens: 5,
    });
  });

  test("has the tokens of all attempts, as they are counted here", async () => {
    const { generation } = createBench([says("12345"), says('{"city":"P"}')]);
    const once = createBench([says('{"city":"P"}')]);

    const repaired = (await generation({ output: format })).usage;
    const alone = (await once.generation({ output: format })).usage;

    expect(repaired.completionTokens).toBe(5 + alone.completionTokens);
    expect(repaired.promptTokens).toBeGreaterThan(2 * alone.promptTokens);
  });

  test("has what was written of an answer that was broken off", async () => {
    const { generation } = createBench([
      [[text("12345"), callStart(0, "news")], silence],
      calls("weather", "{}"),
    ]);
    const toolChoice = { mode: "named", name: "weather" } as const;

    const { usage: counted } = await generation({ tools: [weather, news], toolChoice });

    expect(counted.completionTokens).toBe("12345news".length + "weather{}".length);
  });
});

describe("limits", () => {
  test("an answer longer than can be held is an error", async () => {
    const long = Array.from({ length: 9 }, () => [text("x".repeat(1 << 20))]);
    const { backend, outcome } = createBench([[...long, silence]]);

    expect((await outcome({ output: format })).failure).toMatchObject({ code: "response_format_not_met" });
    expect(backend.calls[0]?.context.signal.aborted).toBe(true);
  });

  test("the answers of one request share the room in which they are held", async () => {
    const part = [text("x".repeat(1 << 20))];
    const seven = Array.from({ length: 7 }, () => part);
    const { outcome } = createBench(Array.from({ length: 5 }, () => [...seven, silence]));

    expect((await outcome({ output: format, choices: 5 })).failure).toMatchObject({
      code: "response_format_not_met",
      message: expect.stringContaining("too long"),
    });
  });

  test("what is not held any more leaves its room", async () => {
    const long = [...Array.from({ length: 7 }, () => [text("x".repeat(1 << 20))]), [finish()]];
    const { outcome } = createBench(
      Array.from({ length: 6 }, () => long),
      { maxRepairs: 5 },
    );

    expect((await outcome({ output: format })).failure).toMatchObject({
      message: expect.stringContaining("after 6 attempts"),
    });
  });

  test("the time for the whole answer is for all attempts together", async () => {
    jest.useFakeTimers();
    try {
      const slow = Promise.withResolvers<void>();
      const { outcome } = createBench([[slow.promise, ...says("x")], [silence]], {
        timeouts: { totalMs: 10_000 },
        enforces: { json: true },
      });
      const request = { tools: [news], toolChoice: { mode: "required" } } as const;
      const pending = outcome(request);
      for (let turn = 0; turn < 50; turn++) await Promise.resolve();
      jest.advanceTimersByTime(9_000);
      slow.resolve();
      for (let turn = 0; turn < 200; turn++) await Promise.resolve();
      jest.advanceTimersByTime(2_000);

      expect((await pending).failure).toMatchObject({ kind: "timeout" });
    } finally {
      jest.useRealTimers();
    }
  });

  test("a client that leaves ends the call that is held, and no other follows", async () => {
    const controller = new AbortController();
    const reason = new ServeError("canceled", "Gone.");
    const { backend, start } = createBench([[[text("x")], silence]]);
    const pending = run(await start({ output: format }, controller.signal));
    await backend.firstCall;

    controller.abort(reason);

    expect((await pending).failure).toBe(reason);
    expect(backend.calls).toHaveLength(1);
    expect(backend.calls[0]?.context.signal.aborted).toBe(true);
  });

  test("a repair that does not fit into the context is the answer's failure, not the client's", async () => {
    const { backend, outcome } = createBench([says("x".repeat(5_000))], { contextTokens: 1_000 });

    expect((await outcome({ output: format })).failure).toMatchObject({ code: "response_format_not_met" });
    expect(backend.calls).toHaveLength(1);
  });

  test("a failure of the backend is no reason to ask again", async () => {
    const error = new ServeError("unavailable", "Away.");
    const { backend, outcome } = createBench([[[text("x")], error]]);

    expect((await outcome({ output: format })).failure).toBe(error);
    expect(backend.calls).toHaveLength(1);
  });
});

const events = fc.constantFrom(
  text('{"city":'),
  text('"P"}'),
  text("x"),
  callStart(0, "weather"),
  callStart(0, "news"),
  callDelta(0, '{"city":"P"}'),
  callDelta(0, "}"),
  { type: "reasoning-delta", choice: 0, text: "hm" } as const,
  { type: "refusal-delta", choice: 0, text: "no" } as const,
);
const attempt = fc.tuple(
  fc.array(events, { maxLength: 4 }).map((some) => {
    const firstCall = some.findIndex(({ type }) => type === "tool-call-start");
    return some.filter(
      ({ type }, index) =>
        (type !== "tool-call-start" || index === firstCall) &&
        (type !== "tool-call-delta" || (firstCall !== -1 && index > firstCall)),
    );
  }),
  fc.constantFrom("stop", "length", "tool-calls"),
);

test("whatever the backend answers, what comes out keeps the contract, or is an error that says so", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.tuple(attempt, attempt, attempt),
      fc.constantFrom<Partial<GenerationRequest>>(
        { output: format },
        { output: { kind: "json" }, tools: [strictWeather, news] },
        { tools: [strictWeather, news] },
        { tools: [strictWeather, news], toolChoice: { mode: "required" } },
        { tools: [weather, news], toolChoice: { mode: "named", name: "weather" } },
      ),
      async (attempts, request) => {
        const { outcome } = createBench(
          attempts.map(([some, reason]): Step[] => [
            ...some.map((event) => [event]),
            [finish(reason === "tool-calls" ? "tool-calls" : reason === "length" ? "length" : "stop")],
          ]),
        );

        const { batches, failure } = await outcome(request);

        if (failure === undefined) assertContract(batches);
        else expect(failure).toMatchObject({ code: expect.stringMatching(/_not_met$/) });
      },
    ),
    { numRuns: 150 },
  );
});
