import { AnswerSize } from "./answer-size.ts";
import type { EventBatch, FinishReason, TokenLogprob, ToolCall, Usage } from "./generation.ts";
import { GrowingText } from "./growing-text.ts";

/** One finished answer. */
export interface Choice {
  index: number;
  text: string;
  reasoning: string;
  refusal: string;
  toolCalls: ToolCall[];
  logprobs: TokenLogprob[];
  finish: FinishReason;
}

export interface Generation {
  choices: Choice[];
  usage: Usage;
  metadata: Record<string, unknown>;
}

/**
 * Folds a stream of events into whole answers, by index. This is all that makes a request non-streaming. Rejects with
 * a `ServeError` and ends the generation once the answers are longer than an `AnswerSize` may be.
 */
export async function collect(batches: AsyncIterable<EventBatch>): Promise<Generation> {
  const choices = new Map<number, GrowingChoice>();
  const metadata: Record<string, unknown> = {};
  const size = new AnswerSize();
  let usage: Usage = { promptTokens: 0, completionTokens: 0 };
  const choiceAt = (index: number): GrowingChoice => {
    const choice = choices.get(index) ?? new GrowingChoice(index);
    choices.set(index, choice);
    return choice;
  };
  for await (const batch of batches) {
    for (const event of batch) {
      size.add(event);
      switch (event.type) {
        case "text-delta": {
          const choice = choiceAt(event.choice);
          choice.text.add(event.text);
          if (event.logprobs !== undefined) choice.logprobs.push(...event.logprobs);
          break;
        }
        case "reasoning-delta":
          choiceAt(event.choice).reasoning.add(event.text);
          break;
        case "refusal-delta":
          choiceAt(event.choice).refusal.add(event.text);
          break;
        case "tool-call-start":
          choiceAt(event.choice).toolCalls[event.index] = {
            id: event.id,
            kind: event.kind,
            name: event.name,
            arguments: new GrowingText(),
          };
          break;
        case "tool-call-delta": {
          const call = choiceAt(event.choice).toolCalls[event.index];
          call?.arguments.add(event.arguments);
          break;
        }
        case "finish":
          choiceAt(event.choice).finish = event.reason;
          break;
        case "usage":
          usage = event.usage;
          break;
        case "metadata":
          Object.assign(metadata, event.fields);
          break;
      }
    }
  }
  const whole = [...choices.values()]
    .toSorted((a, b) => a.index - b.index)
    .map((choice) => choice.toChoice());
  return { choices: whole, usage, metadata };
}

/** An answer while it comes. */
class GrowingChoice {
  readonly index: number;
  readonly text = new GrowingText();
  readonly reasoning = new GrowingText();
  readonly refusal = new GrowingText();
  readonly toolCalls: (Omit<ToolCall, "arguments"> & { arguments: GrowingText })[] = [];
  readonly logprobs: TokenLogprob[] = [];
  finish: FinishReason = "stop";

  constructor(index: number) {
    this.index = index;
  }

  toChoice(): Choice {
    const { index, finish, logprobs } = this;
    return {
      index,
      text: this.text.toString(),
      reasoning: this.reasoning.toString(),
      refusal: this.refusal.toString(),
      toolCalls: this.toolCalls.map((call) => ({ ...call, arguments: call.arguments.toString() })),
      logprobs,
      finish,
    };
  }
}
