import { ServeError } from "../../core/error.ts";
import type { GenerationRequest, Message } from "../../core/generation.ts";
import { callWords } from "./ask.ts";
import type { Demand } from "./demand.ts";
import type { HeldAnswer } from "./held-answer.ts";
import type { Failure } from "./judge.ts";

/** As much of a bad answer as the model is shown again, in UTF-16 units. */
const maxShown = 32_768;

/** `request` with the bad answer and what is wrong with it, so that the model may do better. */
export function askAgain(
  request: GenerationRequest,
  answer: HeldAnswer,
  { failure, demand }: { failure: Failure; demand: Demand },
): GenerationRequest {
  if (request.prompt.kind !== "messages") return request;
  const added =
    failure.kind === "arguments"
      ? afterCalls(answer, failure)
      : [...said(answer.text), message("user", wordsFor(failure, demand))];
  return { ...request, prompt: { kind: "messages", messages: [...request.prompt.messages, ...added] } };
}

/** What the client is told when there are no more attempts. */
export function notMet(failure: Failure, attempts: number): ServeError {
  const after = attempts === 1 ? "" : `, after ${attempts} attempts`;
  const [sentence, code] = sentences(failure);
  return new ServeError("upstream", `${sentence}${after}.`, { code, shouldRetry: false });
}

function sentences(failure: Failure): [sentence: string, code: string] {
  switch (failure.kind) {
    case "format": {
      const where = failure.path === "" ? "" : ` at '${failure.path}'`;
      return [`The model's answer is not what 'response_format' asks for${where}`, "response_format_not_met"];
    }
    case "choice":
      return ["The model did not make the call that 'tool_choice' asks for", "tool_choice_not_met"];
    case "arguments": {
      const where = failure.path === "" ? "" : ` at '${failure.path}'`;
      return [`The arguments of the model's call do not fit the strict tool${where}`, "tool_choice_not_met"];
    }
  }
}

function wordsFor(failure: Exclude<Failure, { kind: "arguments" }>, { calls }: Demand): string {
  if (failure.kind === "format") {
    const subject = failure.path === "" ? "it" : `"${failure.path}" in it`;
    return `That answer is wrong: ${subject} ${failure.message}. Answer again, with the corrected JSON value only.`;
  }
  const wrong = failure.name === undefined ? "it calls no tool" : `it calls ${failure.name}`;
  return `That answer is wrong: ${wrong}. Answer again, with a call of ${callWords(calls ?? new Set())} only.`;
}

/** The calls as the model made them, each with a result that says what became of it. */
function afterCalls(answer: HeldAnswer, failure: Extract<Failure, { kind: "arguments" }>): Message[] {
  const calls = [...answer.calls.values()];
  const subject = failure.path === "" ? "they" : `"${failure.path}" in them`;
  return [
    {
      role: "assistant",
      content: answer.text === "" ? [] : [{ type: "text", text: shown(answer.text) }],
      toolCalls: calls.map((call) => ({ ...call, arguments: shown(call.arguments) })),
    },
    ...calls.map((call): Message => ({
      role: "tool",
      toolCallId: call.id,
      name: call.name,
      content: [
        {
          type: "text",
          text:
            call === failure.call
              ? `Nothing was done. The arguments are wrong: ${subject} ${failure.message}. Call the tool again with arguments that satisfy its JSON Schema.`
              : "Nothing was done, because of another call. Call the tool again.",
        },
      ],
    })),
  ];
}

function said(text: string): Message[] {
  return text === "" ? [] : [message("assistant", shown(text))];
}

function message(role: "assistant" | "user", text: string): Message {
  return { role, content: [{ type: "text", text }] };
}

function shown(text: string): string {
  if (text.length <= maxShown) return text;
  const half = maxShown / 2;
  return `${text.slice(0, half).toWellFormed()} … ${text.slice(-half).toWellFormed()}`;
}
