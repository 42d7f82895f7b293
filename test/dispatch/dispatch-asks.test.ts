import { describe, expect, test } from "bun:test";
import type { ModelSettings } from "../../src/dispatch/defaults.ts";
import { callContext, run } from "../support/calls.ts";
import { finish, text, token, usage } from "../support/events.ts";
import { failureOf } from "../support/failure.ts";
import { canDoAnything, scripted } from "../support/scripted.ts";
import { answer, createBench, one } from "./bench.ts";

describe("what the operator decides", () => {
  const rule: ModelSettings = {
    defaults: { sampling: { temperature: 0.5 }, extra: { min_p: 0.1 } },
    overrides: { sampling: { topP: 0.9 }, extra: {} },
  };

  test("reaches the backend, and is nothing that the client is told of", async () => {
    const backend = scripted(answer("a"), { capabilities: { sampling: new Set() } });
    const { generate } = createBench(backend, { rule });

    const { ignored, events } = await generate([one], callContext(), { usage: false });
    await run(events);

    expect(backend.seen).toMatchObject([
      { sampling: { temperature: 0.5, topP: 0.9 }, extra: { min_p: 0.1 } },
    ]);
    expect(ignored).toEqual([]);
  });

  test("of a client's own fields, those without effect are refused where nothing may be ignored", async () => {
    const backend = scripted(answer("a"), { capabilities: { sampling: new Set() } });
    const { generate } = createBench(backend, { rule, strict: true });
    const request = { ...one, sampling: { temperature: 1 } };

    expect(await failureOf(generate([request], callContext(), { usage: false }))).toMatchObject({
      status: 400,
      code: "unsupported_parameter",
      param: "temperature",
    });
    expect(await run((await generate([one], callContext(), { usage: false })).events)).toMatchObject({
      failure: undefined,
    });
  });
});

test("candidates are shared out among the calls of a request", async () => {
  const backend = scripted([[finish("stop", 0), finish("stop", 1)]], { capabilities: { choices: 2 } });
  const { generation } = createBench(backend);

  await generation([{ ...one, choices: 4, bestOf: 6 }]);

  expect(backend.seen).toMatchObject([
    { choices: 2, bestOf: 3 },
    { choices: 2, bestOf: 3 },
  ]);
});

describe("tokens of reasoning", () => {
  const thought = { type: "reasoning-delta", choice: 0, text: "hmm" } as const;

  test("are counted here where the backend reports none", async () => {
    const counted = createBench(scripted([[{ ...thought, tokens: 2 }, token("a")], [finish()]]));
    const reported = createBench(scripted([[thought, text("a")], [finish()], [usage(1, 9)]]));
    const written = createBench(scripted([[thought, text("a")], [finish()]]));

    expect((await counted.generation([one])).usage).toMatchObject({
      completionTokens: 3,
      reasoningTokens: 2,
    });
    expect((await reported.generation([one])).usage).toMatchObject({
      completionTokens: 9,
      reasoningTokens: 3,
    });
    expect((await written.generation([one])).usage).toMatchObject({
      completionTokens: 4,
      reasoningTokens: 3,
    });
  });

  test("are the backend's own where it reports them", async () => {
    const { generation } = createBench(
      scripted([[thought], [finish()], [usage(1, 9, { reasoningTokens: 7 })]]),
    );

    expect((await generation([one])).usage).toMatchObject({ completionTokens: 9, reasoningTokens: 7 });
  });
});

test("a backend that has to be asked what it can do is asked first", async () => {
  const backend = Object.assign(scripted(answer("a")), {
    capabilities: async () => ({ ...canDoAnything, suffix: false }),
  });
  const { generate, generation } = createBench(backend);

  expect(await failureOf(generate([{ ...one, suffix: "x" }], callContext(), { usage: false }))).toMatchObject(
    {
      param: "suffix",
    },
  );
  expect((await generation([one])).choices).toMatchObject([{ text: "a" }]);
});
