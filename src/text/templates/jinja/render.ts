import type { Program } from "./ast.ts";
import { Budget, type Limits } from "./budget.ts";
import { createEnvironment } from "./environment.ts";
import { BoundedInterpreter } from "./interpreter.ts";

/**
 * What a template writes with these variables, which came from JSON. Throws `Refusal` when the template refuses
 * them, `OverBudget` when it wants more than `limits`, and other errors when it does what cannot be done.
 */
export function renderProgram(
  program: Program,
  variables: Readonly<Record<string, unknown>>,
  limits: Limits,
): string {
  const budget = new Budget(limits);
  const environment = createEnvironment(variables, budget);
  const { value } = new BoundedInterpreter(environment, budget).run(program);
  if (typeof value !== "string") throw new Error("The template has written no text.");
  return value;
}

/** Limits for a template and variables of so many characters: room for any that only arranges what it is given. */
export function limitsFor(sourceCharacters: number, inputCharacters: number): Limits {
  return {
    characters: 1_048_576 + sourceCharacters + 4 * inputCharacters,
    steps: 2_000_000 + 4 * inputCharacters,
  };
}
