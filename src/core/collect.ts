import type { EventBatch, FinishReason, TokenLogprob, ToolCall, Usage } from "./generation.ts";

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

/** Folds a stream of events into whole answers, by index. This is all that makes a request non-streaming. */
export async function collect(batches: AsyncIterable<EventBatch>): Promise<Generation> {
  const choices = new Map<number, Choice>();
  const metadata: Record<string, unknown> = {};
  let usage: Usage = { promptTokens: 0, completionTokens: 0 };
  const choiceAt = (index: number): Choice => {
    let choice = choices.get(index);
    if (choice === undefined) {
      choice = { index, text: "", reasoning: "", refusal: "", toolCalls: [], logprobs: [], finish: "stop" };
      choices.set(index, choice);
    }
    return choice;
  };
  for await (const batch of batches) {
    for (const event of batch) {
      switch (event.type) {
        case "text-delta": {
          const choice = choiceAt(event.choice);
          choice.text += event.text;
          if (event.logprobs !== undefined) choice.logprobs.push(...event.logprobs);
          break;
        }
        case "reasoning-delta":
          choiceAt(event.choice).reasoning += event.text;
          break;
        case "refusal-delta":
          choiceAt(event.choice).refusal += event.text;
          break;
        case "tool-call-start":
          choiceAt(event.choice).toolCalls[event.index] = {
            id: event.id,
            kind: event.kind,
            name: event.name,
            arguments: "",
          };
          break;
        case "tool-call-delta": {
          const call = choiceAt(event.choice).toolCalls[event.index];
          if (call !== undefined) call.arguments += event.arguments;
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
  return { choices: [...choices.values()].toSorted((a, b) => a.index - b.index), usage, metadata };
}
