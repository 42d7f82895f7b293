import type { ChatChunk } from "./openai-wire.ts";

interface FoldedCall {
  id: string | undefined;
  type: string | undefined;
  name: string | undefined;
  text: string;
}

/** A choice as a client puts it together from the chunks of a stream. */
export interface FoldedChoice {
  roles: number;
  content: string;
  refusal: string;
  reasoning: string;
  calls: FoldedCall[];
  functionCall: { name: string; arguments: string } | undefined;
  finishReasons: (string | null)[];
}

type Delta = ChatChunk["choices"][number]["delta"] & {
  reasoning_content?: string;
  tool_calls?: { custom?: { name?: string; input: string } }[];
};

/** Adds every delta up, as any client does, without a look at how the server made them. */
export function foldChunks(chunks: readonly ChatChunk[], choices: number): FoldedChoice[] {
  const folded = Array.from({ length: choices }, (): FoldedChoice => ({
    roles: 0,
    content: "",
    refusal: "",
    reasoning: "",
    calls: [],
    functionCall: undefined,
    finishReasons: [],
  }));
  for (const chunk of chunks) {
    for (const { index, delta, finish_reason: finishReason } of chunk.choices) {
      const choice = folded[index];
      if (choice === undefined) throw new Error(`Choice ${index} was not asked for.`);
      addDelta(choice, delta);
      if (finishReason !== null) choice.finishReasons.push(finishReason);
    }
  }
  return folded;
}

function addDelta(choice: FoldedChoice, delta: Delta): void {
  if (delta.role !== undefined) choice.roles++;
  choice.content += delta.content ?? "";
  choice.refusal += delta.refusal ?? "";
  choice.reasoning += delta.reasoning_content ?? "";
  if (delta.function_call !== undefined) {
    choice.functionCall ??= { name: "", arguments: "" };
    choice.functionCall.name += delta.function_call.name ?? "";
    choice.functionCall.arguments += delta.function_call.arguments;
  }
  for (const { index, id, type, function: called, custom } of delta.tool_calls ?? []) {
    const call = (choice.calls[index] ??= { id: undefined, type: undefined, name: undefined, text: "" });
    call.id = (call.id ?? "") + (id ?? "");
    call.type = (call.type ?? "") + (type ?? "");
    call.name = (call.name ?? "") + (called?.name ?? custom?.name ?? "");
    call.text += called?.arguments ?? custom?.input ?? "";
  }
}
