import type { GenerationEvent, ToolCall } from "../../core/generation.ts";
import type { SchemaChecker } from "../../json-schema/checker.ts";
import type { Demand } from "./demand.ts";

/** What is wrong with an answer. */
export type Failure =
  /** The text is not in its format: where, and in which words. */
  | { kind: "format"; path: string; message: string }
  /** No tool, or another one (`name`), was called. */
  | { kind: "choice"; name?: string }
  /** The arguments of the call do not fit. */
  | { kind: "arguments"; call: ToolCall; path: string; message: string };

/** The answer is what was demanded, and its value is at `start` to `end` of the text where it was looked for. */
export interface Met {
  value?: { start: number; end: number };
}

/** One choice's answer, as far as it is looked at. */
export interface JudgedAnswer {
  readonly text: string;
  /** By the backend's number. */
  readonly calls: ReadonlyMap<number, ToolCall>;
  /** Name of a tool that was called and should not have been. */
  readonly wrongCall: string | undefined;
  readonly finish: Extract<GenerationEvent, { type: "finish" }> | undefined;
  /** Nothing is to be checked. */
  readonly isSettled: boolean;
}

/** Looks at an answer whose choice has ended. Rejects as `SchemaChecker.check` does. */
export async function judge(
  answer: JudgedAnswer,
  demand: Demand,
  { schemas, signal }: { schemas: SchemaChecker; signal: AbortSignal },
): Promise<Met | Failure> {
  if (answer.wrongCall !== undefined) return { kind: "choice", name: answer.wrongCall };
  const reason = answer.finish?.reason;
  // What was cut short is given as it is; OpenAI does the same.
  if (answer.isSettled || reason === "length" || reason === "content-filter") return {};
  for (const call of answer.calls.values()) {
    const { name, arguments: text } = call;
    const schema = demand.strict.get(name);
    if (schema === undefined) continue;
    const checked = await schemas.check(schema, text, { search: false, signal });
    if (!checked.ok) return { kind: "arguments", call, path: checked.path, message: checked.message };
  }
  if (answer.calls.size > 0) return {};
  if (demand.calls !== undefined) return { kind: "choice" };
  if (demand.format === undefined) return {};
  const checked = await schemas.check(demand.format.schema, answer.text, { search: true, signal });
  if (!checked.ok) return { kind: "format", path: checked.path, message: checked.message };
  return { value: { start: checked.start, end: checked.end } };
}

export function isFailure(verdict: Met | Failure): verdict is Failure {
  return "kind" in verdict;
}
