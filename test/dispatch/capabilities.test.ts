import { expect, jest, test } from "bun:test";
import { ServeError } from "../../src/core/error.ts";
import type { Capabilities } from "../../src/core/generation.ts";
import { capabilitiesOf } from "../../src/dispatch/capabilities.ts";
import type { ServedModel } from "../../src/dispatch/registry.ts";
import { failureOf } from "../support/failure.ts";
import { canDoAnything, scripted } from "../support/scripted.ts";

const { signal } = new AbortController();
const unlimited = { firstTokenMs: 0 };

function model(answer: Capabilities | Promise<Capabilities>): ServedModel {
  const backend = Object.assign(scripted([]), { capabilities: () => answer });
  return { id: "m", aliases: [], backend, target: "m", ownedBy: "x", created: 0, tokenModel: "gpt-4" };
}

test("what a backend knows, or has to ask for, is what it says", async () => {
  for (const answer of [canDoAnything, Promise.resolve(canDoAnything)]) {
    expect(await capabilitiesOf(model(answer), signal, unlimited)).toBe(canDoAnything);
  }
});

test("a backend that cannot say is the failure", async () => {
  const failure = new ServeError("unavailable", "Away.");

  expect(await failureOf(capabilitiesOf(model(Promise.reject(failure)), signal, unlimited))).toBe(failure);
});

const never = Promise.withResolvers<Capabilities>().promise;

test("a client that leaves does not wait for it", async () => {
  const controller = new AbortController();
  const reason = new ServeError("canceled", "Gone.");
  const pending = failureOf(capabilitiesOf(model(never), controller.signal, unlimited));

  controller.abort(reason);

  expect(await pending).toBe(reason);
  expect(await failureOf(capabilitiesOf(model(never), controller.signal, unlimited))).toBe(reason);
});

test("a backend that says nothing is not waited for longer than for a first token", async () => {
  jest.useFakeTimers();
  try {
    const pending = failureOf(capabilitiesOf(model(never), signal, { firstTokenMs: 1_000 }));
    jest.advanceTimersByTime(1_001);

    expect(await pending).toMatchObject({ status: 504, code: "timeout" });
  } finally {
    jest.useRealTimers();
  }
});
