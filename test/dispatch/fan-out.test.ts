import { describe, expect, test } from "bun:test";
import type { Capabilities, GenerationRequest } from "../../src/core/generation.ts";
import { fanOut } from "../../src/dispatch/fan-out.ts";
import { createAccount } from "../../src/dispatch/usage.ts";
import { characterTokens } from "../support/character-tokens.ts";
import { canDoAnything, scripted } from "../support/scripted.ts";
import { textPrompt } from "./bench.ts";

const model = {
  id: "scripted",
  aliases: [],
  target: "scripted",
  backend: scripted([]),
  ownedBy: "tests",
  created: 0,
  tokenModel: "gpt-4",
};

function callsFor(requests: readonly GenerationRequest[], capabilities: Partial<Capabilities> = {}) {
  const account = createAccount(characterTokens(), model, false);
  return fanOut(
    {
      asked: requests,
      requests,
      model,
      capabilities: { ...canDoAnything, choices: 1, ...capabilities },
      isHeld: false,
      keepsText: false,
    },
    account,
  );
}

describe("the seed of the calls of a request", () => {
  const largest = Number.MAX_SAFE_INTEGER;
  for (const [what, seed, perCall, expected] of [
    ["is another one for each", 42, 1, [42, 43, 44]],
    ["leaves room for the choices of a call, which a server seeds one after the other", 42, 2, [42, 44]],
    ["also at the end of the integers", largest, 1, [largest, largest - 1, largest - 2]],
  ] as const) {
    test(what, () => {
      const calls = callsFor([textPrompt("a", { choices: 3, sampling: { seed } })], { choices: perCall });

      expect(calls.map(({ request }) => request.sampling.seed)).toEqual([...expected]);
    });
  }

  test("begins anew with each prompt", () => {
    const sampling = { seed: 7 };
    const calls = callsFor(["a", "b"].map((prompt) => textPrompt(prompt, { choices: 2, sampling })));

    expect(calls.map(({ request }) => request.sampling.seed)).toEqual([7, 8, 7, 8]);
  });

  test("is no reason for other sampling where there is none", () => {
    const sampling = { temperature: 1 };

    for (const { request } of callsFor([textPrompt("a", { choices: 3, sampling })])) {
      expect(request.sampling).toBe(sampling);
    }
  });
});

test("all calls look for the same list of stop strings, from which matchers are derived once", () => {
  const sampling = { stop: ["END"] };
  const [first, ...others] = callsFor(
    ["a", "b"].map((prompt) => textPrompt(prompt, { choices: 2, sampling })),
  );

  expect(first?.stops).toEqual(["END"]);
  expect(others).toHaveLength(3);
  for (const { stops } of others) expect(stops).toBe(first?.stops ?? []);
});
