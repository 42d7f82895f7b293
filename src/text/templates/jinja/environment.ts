import { Environment } from "@huggingface/jinja";
import type { Budget } from "./budget.ts";
import { formatTime } from "./time.ts";

/** The template refuses the conversation, in its own words. */
export class Refusal extends Error {
  override readonly name = "Refusal";
}

/** A scope with `variables` and what Hugging Face's templates may call. */
export function createEnvironment(variables: Readonly<Record<string, unknown>>, budget: Budget): Environment {
  const environment = new Environment();
  for (const [name, value] of Object.entries({ ...variables, ...constants, ...functions(budget) })) {
    // The library has a function of its own under the name `namespace`.
    if (name !== "namespace") environment.set(name, value);
  }
  return environment;
}

const constants = { true: true, True: true, false: false, False: false, none: null, None: null };

function functions(budget: Budget) {
  return {
    raise_exception: (reason: unknown) => {
      throw new Refusal(String(reason));
    },
    range: (first: unknown, second: unknown, step: unknown = 1) =>
      second === undefined ? range(0, first, step, budget) : range(first, second, step, budget),
    strftime_now: (format: unknown) => formatTime(new Date(), String(format)),
  };
}

function range(start: unknown, end: unknown, step: unknown, budget: Budget): number[] {
  if (!Number.isInteger(start) || !Number.isInteger(end) || !Number.isInteger(step) || step === 0)
    throw new Error("range() takes whole numbers, and a step that is not zero.");
  const [from, to, by] = [Number(start), Number(end), Number(step)];
  const length = Math.max(0, Math.ceil((to - from) / by));
  budget.spend(length);
  return Array.from({ length }, (_, index) => from + index * by);
}
