import { describe, expect, jest, test } from "bun:test";
import { ServeError } from "../../src/core/error.ts";
import type { GenerationRequest } from "../../src/core/generation.ts";
import { type BackendCall, callBackend } from "../../src/dispatch/backend-call.ts";
import type { Timeouts } from "../../src/dispatch/deadlines.ts";
import { emptyTally, stopsOf } from "../../src/dispatch/edge.ts";
import { callContext, run, textOf, textRequest } from "../support/calls.ts";
import { finish, text, token, usage } from "../support/events.ts";
import { canDoAnything, scripted, type ScriptedOptions, silence, type Step } from "../support/scripted.ts";

interface Setup extends ScriptedOptions {
  request?: Partial<GenerationRequest>;
  timeouts?: Partial<Timeouts>;
  signal?: AbortSignal;
  isAgent?: boolean;
}

function start(
  script: readonly Step[],
  { request, timeouts, signal, isAgent = false, ...options }: Setup = {},
) {
  const backend = Object.assign(scripted(script, options), { isAgent });
  const accounts: Parameters<BackendCall["onEnd"]>[0][] = [];
  const capabilities = { ...canDoAnything, ...options.capabilities };
  const whole = textRequest(request);
  const call: BackendCall = {
    request: whole,
    backend,
    capabilities,
    stops: stopsOf(whole, capabilities),
    firstChoice: 0,
    keepsText: true,
    onEnd: (account) => void accounts.push(account),
  };
  const limits = { firstTokenMs: 0, betweenTokensMs: 0, totalMs: 0, ...timeouts };
  return { backend, accounts, events: callBackend(call, callContext(signal), limits) };
}

const noStops = { sampling: new Set<never>() };

test("events pass, and the account is closed with what the backend reported", async () => {
  const { events, accounts } = start([[text("a")], [text("b"), finish()], [usage(3, 2)]]);

  const { batches, failure } = await run(events);

  expect(failure).toBeUndefined();
  expect(batches).toEqual([[text("a")], [text("b"), finish()]]);
  expect(accounts).toMatchObject([{ reported: { promptTokens: 3, completionTokens: 2 } }]);
});

test("usage in the batch of the last finish is reported", async () => {
  const { events, accounts } = start([[text("a"), finish(), usage(3, 1)]]);

  await run(events);

  expect(accounts).toMatchObject([{ reported: { promptTokens: 3 } }]);
});

test("a backend that ends without a finish has failed", async () => {
  const { events, accounts } = start([[text("a")]]);

  const { batches, failure } = await run(events);

  expect(textOf(batches)).toBe("a");
  expect(failure).toMatchObject({ kind: "upstream", status: 502, code: "upstream_error" });
  expect(accounts).toEqual([]);
});

test("a backend that finishes only some of its choices has failed", async () => {
  const { events } = start([[finish("stop", 1)]], { request: { choices: 2 } });

  expect((await run(events)).failure).toMatchObject({ kind: "upstream" });
});

test("the backend's own error is what the reader gets", async () => {
  const error = new ServeError("unavailable", "Not there.");
  const { events, backend } = start([[text("a")], error]);

  const { batches, failure } = await run(events);

  expect(textOf(batches)).toBe("a");
  expect(failure).toBe(error);
  await backend.calls[0]?.ended;
});

test("with max_tokens 0 nobody is asked and every choice ends with `length`", async () => {
  const { events, backend, accounts } = start([], { request: { choices: 2, sampling: { maxTokens: 0 } } });

  const { batches } = await run(events);

  expect(batches).toEqual([[finish("length", 0), finish("length", 1)]]);
  expect(backend.calls).toEqual([]);
  expect(accounts).toEqual([{ reported: undefined, tally: emptyTally }]);
});

describe("the backend's signal aborts at once", () => {
  test("when a stop string is complete, before the reader has taken the last text", async () => {
    const { events, backend } = start([[text("a END b")], silence], {
      request: { sampling: { stop: ["END"] } },
      capabilities: noStops,
    });

    const first = await events.next();

    expect(first.value).toEqual([text("a "), { ...finish(), stopSequence: "END" }]);
    expect(backend.calls[0]?.context.signal.aborted).toBe(true);
    expect(await events.next()).toEqual({ done: true, value: undefined });
    await backend.calls[0]?.ended;
  });

  test("when the limit is reached", async () => {
    const { events, backend } = start([[token("a"), token("b"), token("c")], silence], {
      request: { sampling: { maxTokens: 2 } },
      capabilities: { reportsLength: false },
    });

    const { batches } = await run(events);

    expect(batches).toEqual([[token("a"), token("b"), finish("length")]]);
    expect(backend.calls[0]?.context.signal.aborted).toBe(true);
  });

  test("when the last choice ends while another, stopped here, is still being generated", async () => {
    const { events, backend, accounts } = start([[text("END", 0)], [finish("stop", 1)], silence], {
      request: { choices: 2, sampling: { stop: ["END"] } },
      capabilities: noStops,
    });

    const { failure } = await run(events);

    expect(failure).toBeUndefined();
    expect(backend.calls[0]?.context.signal.aborted).toBe(true);
    expect(accounts).toHaveLength(1);
  });

  test("when the client leaves, and the reader hears of it even if the backend is deaf", async () => {
    const controller = new AbortController();
    const { events, backend } = start([[text("a")], silence], { signal: controller.signal, isDeaf: true });
    await events.next();
    const pending = run(events);
    const reason = new ServeError("canceled", "Gone.");

    controller.abort(reason);

    expect((await pending).failure).toBe(reason);
    expect(backend.calls[0]?.context.signal.reason).toBe(reason);
  });

  test("when the client has left before the call", async () => {
    const reason = new ServeError("canceled", "Gone.");
    const { events } = start([[text("a")]], { signal: AbortSignal.abort(reason) });

    expect(await run(events)).toEqual({ batches: [], failure: reason });
  });

  test("when the reader goes away between two reads", async () => {
    const { events, backend, accounts } = start([[text("a")], silence]);
    await events.next();

    await events.return(undefined);

    expect(backend.calls[0]?.context.signal.aborted).toBe(true);
    expect(accounts).toMatchObject([{ reported: undefined, tally: { uncounted: ["a"] } }]);
  });
});

test("one choice that is stopped does not end the others", async () => {
  const { events } = start([[text("END", 0)], [text("b", 1)], [finish("stop", 1)]], {
    request: { choices: 2, sampling: { stop: ["END"] } },
    capabilities: noStops,
  });

  const { batches, failure } = await run(events);

  expect(failure).toBeUndefined();
  expect(batches.flat()).toEqual([
    { ...finish("stop", 0), stopSequence: "END" },
    text("b", 1),
    finish("stop", 1),
  ]);
});

test("usage is still read when the backend finished in the batch that was stopped here", async () => {
  const { events, accounts } = start([[text("a END b"), finish()], [usage(3, 9)]], {
    request: { sampling: { stop: ["END"] } },
    capabilities: noStops,
  });

  await run(events);

  expect(accounts).toMatchObject([{ reported: { completionTokens: 9 } }]);
});

test("a silent backend is ended with a timeout, even a deaf one", async () => {
  const { events, backend } = start([silence], { timeouts: { firstTokenMs: 5 }, isDeaf: true });

  const { failure } = await run(events);

  expect(failure).toMatchObject({ kind: "timeout", code: "timeout" });
  expect(backend.calls[0]?.context.signal.reason).toBe(failure);
});

test("an agent that is silent is called one", async () => {
  const { events } = start([silence], { timeouts: { firstTokenMs: 5 }, isAgent: true });

  expect((await run(events)).failure).toMatchObject({ message: "The agent did not answer in time." });
});

test("a backend that is silent between two tokens is ended with a timeout", async () => {
  const { events } = start([[text("a")], silence], { timeouts: { betweenTokensMs: 5 } });

  const { batches, failure } = await run(events);

  expect(textOf(batches)).toBe("a");
  expect(failure).toMatchObject({ kind: "timeout" });
});

test("calls that nobody may make are no sign of life", async () => {
  const calls: Step = [
    { type: "tool-call-start", choice: 0, index: 0, id: "c", name: "f", kind: "function" },
  ];
  const steps = Array.from({ length: 200 }, (_, at): Step[] => [Bun.sleep(at), calls]).flat();
  const { events } = start([[text("a")], ...steps], {
    request: { toolChoice: { mode: "none" } },
    timeouts: { betweenTokensMs: 20 },
  });

  expect((await run(events)).failure).toMatchObject({ kind: "timeout" });
});

test("no timer is left when the client leaves and nobody comes back for the rest", async () => {
  jest.useFakeTimers();
  try {
    const controller = new AbortController();
    const { events } = start([[text("a")], silence], {
      signal: controller.signal,
      timeouts: { betweenTokensMs: 5 },
    });
    await events.next();
    expect(jest.getTimerCount()).toBe(1);

    controller.abort(new ServeError("canceled", "Gone."));

    expect(jest.getTimerCount()).toBe(0);
  } finally {
    jest.useRealTimers();
  }
});

describe("a backend that has finished every choice", () => {
  test("may fail afterwards: the answer is whole", async () => {
    const { events, accounts } = start([[text("a"), finish()], new Error("late")]);

    const { batches, failure } = await run(events);

    expect(failure).toBeUndefined();
    expect(textOf(batches)).toBe("a");
    expect(accounts).toMatchObject([{ reported: undefined }]);
  });

  test("is not waited for without end", async () => {
    jest.useFakeTimers();
    try {
      const { events, backend } = start([[text("a"), finish()], silence]);
      const answered = run(events);
      await backend.firstCall;
      for (let turn = 0; turn < 20; turn++) await Promise.resolve();

      jest.advanceTimersByTime(2_100);

      expect((await answered).failure).toBeUndefined();
    } finally {
      jest.useRealTimers();
    }
  });
});
