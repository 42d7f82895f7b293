import { describe, expect, test } from "bun:test";
import { ServeError } from "../../src/core/error.ts";
import type { CallContext, EventBatch, GenerationRequest } from "../../src/core/generation.ts";
import { callContext, run, textRequest } from "../support/calls.ts";
import { finish, text, token, usage } from "../support/events.ts";
import { failureOf } from "../support/failure.ts";
import { type ScriptedBackend, scripted, silence } from "../support/scripted.ts";
import { answer, createBench, one, textPrompt } from "./bench.ts";

/** Reads one batch and goes away. */
async function leaveEarly(events: AsyncIterable<EventBatch>): Promise<void> {
  const iterator = events[Symbol.asyncIterator]();
  await iterator.next();
  await iterator.return?.();
}

describe("the model", () => {
  test("of the answer is the client's id, of the backend's request its own name", async () => {
    const backend = scripted(answer("a"), { models: [{ id: "target", aliases: ["alias"], ownedBy: "x" }] });
    const { generate } = createBench(backend);

    const { model, events } = await generate([{ ...one, model: "alias" }], callContext(), { usage: false });
    await run(events);

    expect(model).toBe("alias");
    expect(backend.seen).toMatchObject([{ model: "target" }]);
  });

  test("is the default's public id when the client named none", async () => {
    const { generate } = createBench(scripted(answer("a")));

    expect((await generate([{ ...one, model: "" }], callContext(), { usage: false })).model).toBe("scripted");
  });

  test("that does not exist is a rejection, and no backend is called", async () => {
    const backend = scripted(answer("a"));
    const { generate } = createBench(backend);

    const generating = generate([{ ...one, model: "nope" }], callContext(), { usage: false });

    expect(await failureOf(generating)).toMatchObject({ kind: "not_found", code: "model_not_found" });
    expect(backend.calls).toEqual([]);
  });
});

test("what the backend cannot do is a rejection, what it ignores is named", async () => {
  const { generate } = createBench(
    scripted(answer("a"), { capabilities: { suffix: false, sampling: new Set() } }),
  );

  const refused = generate([{ ...one, suffix: "x" }], callContext(), { usage: false });
  const served = await generate([{ ...one, sampling: { seed: 1 } }], callContext(), { usage: false });

  expect(await failureOf(refused)).toMatchObject({ code: "unsupported_parameter", param: "suffix" });
  expect(served.ignored).toEqual(["seed"]);
});

describe("choices", () => {
  for (const [perCall, sizes] of [
    [1, [1, 1, 1, 1, 1]],
    [2, [2, 2, 1]],
    [8, [5]],
  ] as const) {
    test(`five of them take ${sizes.length} calls of a backend that gives ${perCall} at once`, async () => {
      const backend = scripted(
        ({ choices }, call) => [
          Array.from({ length: choices }, (_, choice) => text(`${call}.${choice}`, choice)),
          Array.from({ length: choices }, (_, choice) => finish("stop", choice)),
        ],
        { capabilities: { choices: perCall } },
      );
      const { generation } = createBench(backend);

      const { choices } = await generation([{ ...one, choices: 5 }]);

      expect(backend.seen.map((request) => request.choices)).toEqual([...sizes]);
      expect(choices.map(({ index }) => index)).toEqual([0, 1, 2, 3, 4]);
      expect(choices.map((choice) => choice.text)).toEqual(
        sizes.flatMap((size, call) => Array.from({ length: size }, (_, choice) => `${call}.${choice}`)),
      );
    });
  }

  test("of prompt i are numbered from i times n", async () => {
    const backend = scripted(({ prompt }) => answer(prompt.kind === "text" ? prompt.text : ""), {
      capabilities: { choices: 1 },
    });
    const { generation } = createBench(backend);

    const { choices } = await generation(["a", "b"].map((prompt) => textPrompt(prompt, { choices: 2 })));

    expect(choices.map((choice) => [choice.index, choice.text])).toEqual([
      [0, "a"],
      [1, "a"],
      [2, "b"],
      [3, "b"],
    ]);
  });
});

describe("the tokens of the prompts", () => {
  test("are known before the events are read, and are counted once", async () => {
    const backend = scripted([[text("abc"), finish()]]);
    const { generate, tokens } = createBench(backend);

    const { promptTokens, events } = await generate([textPrompt("one"), textPrompt("three")], callContext(), {
      usage: true,
    });
    const before = await promptTokens();
    const { batches } = await run(events);

    expect(before).toBe(8);
    expect(batches.at(-1)).toMatchObject([{ type: "usage", usage: { promptTokens: 8 } }]);
    expect(tokens.counted.flat().filter((counted) => counted === "three")).toHaveLength(1);
  });

  test("are counted here, also where the backend will have its own count", async () => {
    const { generate } = createBench(scripted([[text("abc"), finish()], [usage(70, 3)]]));

    const { promptTokens, events } = await generate([textPrompt("one")], callContext(), { usage: true });

    expect(await promptTokens()).toBe(3);
    expect((await run(events)).batches.at(-1)).toMatchObject([
      { type: "usage", usage: { promptTokens: 70 } },
    ]);
  });
});

describe("the stop string that ended an answer", () => {
  const sampling = { stop: ["END"], temperature: 1 };
  for (const [what, capabilities] of [
    ["that cuts its text", { cutsStop: true }],
    ["that takes stop strings", {}],
  ] as const) {
    test(`is found here where it is to be named, and a backend ${what} is not told`, async () => {
      const backend = scripted([[text("one END two"), finish()]], { capabilities });
      const { generate } = createBench(backend);

      const { events } = await generate([{ ...one, sampling, namesStop: true }], callContext(), {
        usage: false,
      });
      const { batches } = await run(events);

      expect(batches.flat()).toEqual([
        text("one "),
        { type: "finish", choice: 0, reason: "stop", stopSequence: "END" },
      ]);
      expect(backend.seen[0]?.sampling).toEqual({ temperature: 1 });
    });
  }

  test("is the backend's to find where its answers come whole", async () => {
    const backend = scripted([[text("one "), finish()]], { capabilities: { wholeOnly: true } });
    const { generate } = createBench(backend);

    const { events } = await generate([{ ...one, sampling, namesStop: true }], callContext(), {
      usage: false,
    });
    await run(events);

    expect(backend.seen[0]?.sampling).toEqual(sampling);
  });
});

describe("usage", () => {
  test("comes last, after every finish", async () => {
    const { generate } = createBench(scripted([[text("abc"), finish()], [usage(7, 3)]]));

    const { events } = await generate([one], callContext(), { usage: true });
    const { batches } = await run(events);

    expect(batches.at(-1)).toMatchObject([
      { type: "usage", usage: { promptTokens: 7, completionTokens: 3 } },
    ]);
    expect(batches.flat().filter(({ type }) => type === "usage")).toHaveLength(1);
  });

  test("of a backend that counts wins over ours; each prompt counts once, completions are summed", async () => {
    const backend = scripted(
      () => [[text("abc"), finish()], [usage(7, 3, { cachedTokens: 5, reasoningTokens: 1 })]],
      {
        capabilities: { choices: 1 },
      },
    );
    const { generation, seen } = createBench(backend);

    const generated = await generation(["a", "b"].map((prompt) => textPrompt(prompt, { choices: 2 })));

    expect(generated.usage).toEqual({
      promptTokens: 14,
      completionTokens: 12,
      cachedTokens: 10,
      reasoningTokens: 4,
    });
    expect(seen.ends).toEqual(["backend"]);
  });

  test("of tokens that came one by one is their number", async () => {
    const { generation, seen, tokens } = createBench(scripted([[token("abc"), token("def"), finish()]]));

    const generated = await generation([textPrompt("12345")]);

    expect(generated.usage).toMatchObject({ promptTokens: 5, completionTokens: 2 });
    expect(seen.ends).toEqual(["edge"]);
    expect(tokens.counted).toEqual([["12345"]]);
  });

  test("of plain text is counted once for each choice's whole text", async () => {
    const backend = scripted(() => [[text("ab")], [text("c"), finish()]], { capabilities: { choices: 1 } });
    const { generation, seen, tokens } = createBench(backend);

    const generated = await generation([textPrompt("12345", { choices: 2 })]);

    expect(generated.usage).toMatchObject({ promptTokens: 5, completionTokens: 6 });
    expect(seen.ends).toEqual(["tiktoken"]);
    expect(tokens.counted).toEqual([["12345"], ["abc", "abc"]]);
  });

  test("that nobody asked for is not counted, nor sent", async () => {
    const { generation, seen, tokens } = createBench(scripted([[text("abc"), finish()]]));

    await generation([one], false);

    expect(tokens.counted).toEqual([]);
    expect(seen.ends).toEqual([undefined]);
    expect(seen.events.some(({ type }) => type === "usage")).toBe(false);
  });

  test("with max_tokens 0 is the prompt alone", async () => {
    const { generation } = createBench(scripted([]));

    const generated = await generation([textPrompt("12345", { sampling: { maxTokens: 0 } })]);

    expect(generated.usage).toMatchObject({ promptTokens: 5, completionTokens: 0 });
    expect(generated.choices).toMatchObject([{ text: "", finish: "length" }]);
  });
});

describe("a slot is given back", () => {
  const endings: Record<
    string,
    (backend: ScriptedBackend, bench: ReturnType<typeof createBench>) => Promise<void>
  > = {
    "at the end": async (_, { generation }) => {
      await generation([one]);
    },
    "after a failure": async (_, { generate }) => {
      const { events } = await generate([{ ...one, extra: { mode: "fail" } }], callContext(), {
        usage: true,
      });
      expect((await run(events)).failure).toBeInstanceOf(ServeError);
    },
    "when the client leaves while the backend is silent": async (_, { generate }) => {
      const controller = new AbortController();
      const context = callContext(controller.signal);
      const { events } = await generate([{ ...one, extra: { mode: "hang" } }], context, { usage: true });
      const outcome = run(events);
      controller.abort(new ServeError("canceled", "Gone."));
      expect((await outcome).failure).toMatchObject({ kind: "canceled" });
    },
    "when the reader stops": async (_, { generate }) => {
      const { events } = await generate([{ ...one, extra: { mode: "hang" } }], callContext(), {
        usage: true,
      });
      await leaveEarly(events);
    },
    "when the client leaves and nobody comes back for the rest": async (_, { generate }) => {
      const controller = new AbortController();
      const context = callContext(controller.signal);
      const { events } = await generate([{ ...one, extra: { mode: "hang" } }], context, { usage: true });
      await events[Symbol.asyncIterator]().next();
      controller.abort(new ServeError("canceled", "Gone."));
    },
  };
  for (const [when, end] of Object.entries(endings)) {
    test(when, async () => {
      const backend = scripted(({ extra }) => {
        if (extra["mode"] === "fail") return [new ServeError("upstream", "Broken.")];
        return [[text("a")], extra["mode"] === "hang" ? silence : [finish()]];
      });
      const bench = createBench(backend, { maxConcurrency: 1 });

      await end(backend, bench);

      expect((await bench.generation([one])).choices).toMatchObject([{ text: "a" }]);
    });
  }
});

test("calls that do not fit wait for their turn, and a full queue is an error", async () => {
  const gate = Promise.withResolvers<void>();
  const backend = scripted([gate.promise, [text("a"), finish()]]);
  const { generate, generation } = createBench(backend, { maxConcurrency: 1 });
  const first = generation([one]);
  const second = generation([one]);

  const { events } = await generate([one], callContext(), { usage: true });
  const refused = await run(events);
  gate.resolve();

  expect(refused.failure).toMatchObject({ code: "server_is_overloaded" });
  expect((await first).choices).toMatchObject([{ text: "a" }]);
  expect((await second).choices).toMatchObject([{ text: "a" }]);
});

test("a failure of one call ends the others and is the failure of all", async () => {
  const failure = new ServeError("upstream", "Broken.");
  const backend = scripted((_, call) => (call === 1 ? [failure] : [silence]), {
    capabilities: { choices: 1 },
  });
  const { generate, seen } = createBench(backend);

  const { events } = await generate([{ ...one, choices: 3 }], callContext(), { usage: true });
  const outcome = await run(events);

  expect(outcome.failure).toBe(failure);
  expect(seen.failures).toEqual([failure]);
  expect(backend.calls.map(({ context }) => context.signal.aborted)).toEqual([true, true, true]);
  await Promise.all(backend.calls.map(({ ended }) => ended));
});

describe("the observer", () => {
  test("sees everything that the client gets, once", async () => {
    const { generate, seen } = createBench(scripted([[text("a")], [text("b"), finish()], [usage(1, 2)]]));

    const { events } = await generate([one], callContext(), { usage: true });
    const { batches } = await run(events);

    expect(seen.models).toEqual(["scripted"]);
    expect(seen.events).toEqual(batches.flat());
    expect(seen.ends).toEqual(["backend"]);
    expect(seen.failures).toEqual([]);
  });

  test("is told when the reader leaves before the end", async () => {
    const { generate, seen } = createBench(scripted([[text("a")], silence]));

    const { events } = await generate([one], callContext(), { usage: true });
    await leaveEarly(events);

    expect(seen.ends).toEqual([]);
    expect(seen.failures).toMatchObject([{ kind: "canceled" }]);
  });
});

describe("many answers to a large prompt", () => {
  const large = textRequest({ model: "scripted", prompt: { kind: "text", text: "x".repeat(4_000) } });

  test("are refused by name when they would fill the memory", async () => {
    const { generate } = createBench(scripted([[finish()]]));

    const refused = generate([{ ...large, choices: 3 }], callContext(), { usage: false });

    expect(await failureOf(refused)).toMatchObject({ status: 400, code: "invalid_value", param: "n" });
  });

  test("are given as far as they fit, and one answer always is", async () => {
    const { generation } = createBench(scripted([[finish()]], { capabilities: { choices: 1 } }));

    expect((await generation([{ ...large, choices: 2 }])).choices).toHaveLength(2);
    expect(
      (await generation([{ ...large, prompt: { kind: "text", text: "x".repeat(20_000) } }])).choices,
    ).toHaveLength(1);
  });
});

test("a request for more answers than may be made at once makes them one after the other", async () => {
  let running = 0;
  let most = 0;
  const backend = scripted([[text("a")], [finish()]], { capabilities: { choices: 1 } });
  const counting: ScriptedBackend = Object.assign(Object.create(backend), {
    async *generate(request: GenerationRequest, context: CallContext) {
      most = Math.max(most, ++running);
      try {
        yield* backend.generate(request, context);
      } finally {
        running--;
      }
    },
  });
  const { generation } = createBench(counting, { maxConcurrency: 2 });

  const { choices } = await generation([textRequest({ model: "scripted", choices: 5 })]);

  expect(choices.map((choice) => choice.text)).toEqual(["a", "a", "a", "a", "a"]);
  expect(most).toBe(2);
});

test("a prompt of token ids costs their number, whatever their text would", async () => {
  const backend = scripted([[text("a"), finish()]], { capabilities: { tokenPrompts: false } });
  const { generation } = createBench(backend);

  const answered = await generation([
    textRequest({ model: "scripted", prompt: { kind: "tokens", tokens: [65, 66, 67] } }),
  ]);

  expect(answered.usage.promptTokens).toBe(3);
});

test("token ids that stand for much text are bounded by what they stand for", async () => {
  const backend = scripted([[finish()]], { capabilities: { tokenPrompts: false, choices: 1 } });
  const { generate, tokens } = createBench(backend);
  Object.assign(tokens, { decode: async () => "x".repeat(6_000) });
  const request = textRequest({ model: "scripted", prompt: { kind: "tokens", tokens: [1] }, choices: 2 });

  expect(await failureOf(generate([request], callContext(), { usage: false }))).toMatchObject({ param: "n" });
});

function asAgent(callers: readonly string[]): CallContext {
  return { ...callContext(), callers };
}

describe("what agents ask", () => {
  test("does not wait for a place: its request has one, and all could wait for each other", async () => {
    const { generate } = createBench(scripted(answer("a")), { maxConcurrency: 1 });
    const outer = await generate([one], callContext(), { usage: false });
    const reader = outer.events[Symbol.asyncIterator]();
    await reader.next();

    const inner = await generate([one], asAgent(["crew"]), { usage: false });

    expect((await run(inner.events)).failure).toBeUndefined();
    await reader.return?.();
  });

  test("ends with a clear error when agents call each other without end", async () => {
    const { generate } = createBench(scripted(answer("a")));
    const chain = ["a", "b", "a", "b", "a", "b", "a", "b", "a"];

    const error = await failureOf(generate([one], asAgent(chain), { usage: false }));

    expect(error).toMatchObject({
      code: "agent_depth_exceeded",
      shouldRetry: false,
      message: expect.stringContaining("a → b → a"),
    });
  });
});
