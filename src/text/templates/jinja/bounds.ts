import type { RuntimeValue } from "./ast.ts";
import type { Budget } from "./budget.ts";

/** How long the result of a filter or a method can become, in characters, for its subject and its arguments. */
export type Bound = (subject: RuntimeValue, args: readonly RuntimeValue[], budget: Budget) => number;

const replace: Bound = (subject, [before, after]) => {
  const text = textOf(subject);
  const growth = Math.max(0, textOf(after).length - textOf(before).length);
  return text.length + growth * countOf(text, textOf(before));
};

/** Filters that can make much out of little. */
export const filterBounds: ReadonlyMap<unknown, Bound> = new Map<unknown, Bound>([
  ["replace", replace],
  [
    "join",
    (subject, args, budget) => {
      const { value } = subject;
      const count = Array.isArray(value) || typeof value === "string" ? value.length : 0;
      return budget.sizeOf(subject).characters + count * totalLength(args, budget);
    },
  ],
  [
    "indent",
    (subject, args) => {
      const text = textOf(subject);
      return text.length + (countOf(text, "\n") + 1) * largestInteger(args, 4);
    },
  ],
  [
    "tojson",
    (subject, args, budget) => {
      const { characters, elements, depth } = budget.sizeOf(subject);
      const spaces = largestInteger(args, 0) * (depth + 1);
      return characters + elements * (spaces + totalLength(args, budget));
    },
  ],
]);

/** The same for methods of texts. */
export const methodBounds: ReadonlyMap<unknown, Bound> = new Map<unknown, Bound>([
  ["replace", replace],
  [
    "split",
    (subject, [separator]) => {
      const text = textOf(subject);
      const mark = textOf(separator);
      const cuts = mark === "" ? spacesIn(text) : countOf(text, mark);
      return text.length + charactersForEachPart * cuts;
    },
  ],
]);

const charactersForEachPart = 8;

function textOf(value: RuntimeValue | undefined): string {
  return typeof value?.value === "string" ? value.value : "";
}

/** How often `mark` stands in `text`; an empty one stands between all characters. */
function countOf(text: string, mark: string): number {
  if (mark === "") return text.length + 1;
  let count = 0;
  for (let at = text.indexOf(mark); at !== -1; at = text.indexOf(mark, at + mark.length)) count++;
  return count;
}

function totalLength(values: readonly RuntimeValue[], budget: Budget): number {
  return values.reduce((sum, value) => sum + budget.sizeOf(value).characters, 0);
}

function largestInteger(values: readonly RuntimeValue[], fallback: number): number {
  const numbers = values.map(({ value }) => value).filter((value) => typeof value === "number");
  return Math.max(0, ...(numbers.length === 0 ? [fallback] : numbers));
}

function spacesIn(text: string): number {
  let count = 0;
  for (const _ of text.matchAll(/\s+/g)) count++;
  return count;
}
