import { AnswerSize } from "./answer-size.ts";
import type {
  EventBatch,
  FinishReason,
  GenerationEvent,
  TokenLogprob,
  ToolCall,
  Usage,
} from "./generation.ts";
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
  const collector = new Collector();
  for await (const batch of batches) for (const event of batch) collector.add(event);
  return collector.generation();
}

/** The same, event by event. */
export class Collector {
  readonly #choices = new Map<number, GrowingChoice>();
  readonly #metadata: Record<string, unknown> = {};
  readonly #size = new AnswerSize();
  #usage: Usage = { promptTokens: 0, completionTokens: 0 };

  /** Throws as an `AnswerSize` does. */
  add(event: GenerationEvent): void {
    this.#size.add(event);
    switch (event.type) {
      case "usage":
        this.#usage = event.usage;
        break;
      case "metadata":
        Object.assign(this.#metadata, event.fields);
        break;
      default:
        this.#choiceAt(event.choice).add(event);
    }
  }

  /** What came so far. */
  generation(): Generation {
    const choices = [...this.#choices.values()]
      .toSorted((a, b) => a.index - b.index)
      .map((choice) => choice.toChoice());
    return { choices, usage: this.#usage, metadata: this.#metadata };
  }

  #choiceAt(index: number): GrowingChoice {
    const choice = this.#choices.get(index) ?? new GrowingChoice(index);
    this.#choices.set(index, choice);
    return choice;
  }
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

  add(event: Extract<GenerationEvent, { choice: number }>): void {
    switch (event.type) {
      case "text-delta":
        this.text.add(event.text);
        if (event.logprobs !== undefined) this.logprobs.push(...event.logprobs);
        break;
      case "reasoning-delta":
        this.reasoning.add(event.text);
        break;
      case "refusal-delta":
        this.refusal.add(event.text);
        break;
      case "tool-call-start": {
        const { id, kind, name } = event;
        this.toolCalls[event.index] = { id, kind, name, arguments: new GrowingText() };
        break;
      }
      case "tool-call-delta":
        this.toolCalls[event.index]?.arguments.add(event.arguments);
        break;
      case "finish":
        this.finish = event.reason;
        break;
    }
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
