import type { CallContext, EventBatch, GenerationEvent, ToolCall } from "../../core/generation.ts";
import type { SchemaChecker } from "../../json-schema/checker.ts";
import type { Demand } from "./demand.ts";
import { isFailure, judge, type JudgedAnswer } from "./judge.ts";
import { notMet } from "./repair.ts";

/** More of a choice's text than that is not kept for the check. */
const maxWatched = 8 << 20;

/**
 * `batches` of a backend that says it enforces `expected`, as they come. Each choice's end is held until its answer was
 * looked at: a server whose constraint had no effect must not look like one that kept its word. Then fails with
 * `upstream` (`response_format_not_met`, `tool_choice_not_met`).
 */
export async function* watch(
  batches: AsyncIterable<EventBatch>,
  expected: Demand,
  context: CallContext,
  schemas: SchemaChecker,
): AsyncGenerator<EventBatch> {
  const answers = new Map<number, WatchedAnswer>();
  for await (const batch of batches) {
    for (const event of batch) {
      if (!("choice" in event)) continue;
      const answer = answers.get(event.choice) ?? new WatchedAnswer();
      answers.set(event.choice, answer);
      answer.see(event);
      if (event.type === "finish") await assertMet(answer, expected, context, schemas);
    }
    yield batch;
  }
}

async function assertMet(
  answer: WatchedAnswer,
  expected: Demand,
  context: CallContext,
  schemas: SchemaChecker,
): Promise<void> {
  if (answer.isTooLong) return;
  const verdict = await judge(answer, expected, { schemas, signal: context.signal }).catch(
    (error: unknown) => {
      if (context.signal.aborted) throw error;
      // The backend may know schemas that the checker does not; it has promised to keep to them.
      context.log.warn("An answer could not be checked", { cause: describe(error) });
      return undefined;
    },
  );
  if (verdict === undefined) return;
  if (isFailure(verdict)) throw notMet(verdict, 1);
  const { value } = verdict;
  // What stands around a value cannot be taken back any more.
  if (
    value !== undefined &&
    `${answer.text.slice(0, value.start)}${answer.text.slice(value.end)}`.trim() !== ""
  ) {
    throw notMet({ kind: "format", path: "", message: "has more than one JSON value" }, 1);
  }
}

function describe(error: unknown): string {
  return error instanceof Error ? error.message : "unknown error";
}

/** What was seen of one choice. */
class WatchedAnswer implements JudgedAnswer {
  readonly #text: string[] = [];
  #length = 0;
  readonly calls = new Map<number, ToolCall>();
  readonly wrongCall = undefined;
  isSettled = false;
  finish: JudgedAnswer["finish"];

  get text(): string {
    return this.#text.join("");
  }

  get isTooLong(): boolean {
    return this.#length > maxWatched;
  }

  see(event: Extract<GenerationEvent, { choice: number }>): void {
    switch (event.type) {
      case "text-delta":
        this.#length += event.text.length;
        if (!this.isTooLong) this.#text.push(event.text);
        break;
      case "tool-call-start":
        this.calls.set(event.index, { id: event.id, kind: event.kind, name: event.name, arguments: "" });
        break;
      case "tool-call-delta": {
        this.#length += event.arguments.length;
        const call = this.calls.get(event.index);
        if (call !== undefined && !this.isTooLong) call.arguments += event.arguments;
        break;
      }
      case "refusal-delta":
        this.isSettled = true;
        break;
      case "finish":
        this.finish = event;
        break;
      case "reasoning-delta":
        break;
    }
  }
}
