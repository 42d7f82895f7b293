import type { ReasoningFormatName } from "../../reasoning/format.ts";
import type { ToolCallFormatName } from "../../tool-calls/format.ts";

/** What a template's source says of the answers of its model. */
export interface AnswerForm {
  toolCalls?: ToolCallFormatName;
  reasoning?: ReasoningFormatName;
  /** Texts that end a turn. */
  stop: readonly string[];
}

/** Goes by the marks that the source holds. */
export function findAnswerForm(source: string, eosToken: string | undefined): AnswerForm {
  const toolCalls = firstFit(toolCallMarks, source);
  const reasoning = firstFit(reasoningMarks, source);
  return {
    ...(toolCalls === undefined ? {} : { toolCalls }),
    ...(reasoning === undefined ? {} : { reasoning }),
    stop: stopTexts(source, eosToken),
  };
}

type Marks<Name> = readonly (readonly [RegExp, Name])[];

function firstFit<Name>(marks: Marks<Name>, source: string): Name | undefined {
  return marks.find(([mark]) => mark.test(source))?.[1];
}

/** The first that fits decides. */
const toolCallMarks: Marks<ToolCallFormatName> = [
  [/<｜tool▁calls?▁begin｜>/, "deepseek"],
  [/\[TOOL_CALLS\]/, "mistral"],
  [/<\|START_ACTION\|>|<\|START_OF_TURN_TOKEN\|>/, "command-r"],
  [/<\|action_start\|>/, "internlm"],
  [/<\|tool\|>|<\|\/tool_call\|>|functools/, "phi"],
  [/<\|tool_call\|>/, "granite"],
  [/<\|python_start\|>|\[func_name1\(/, "llama-pythonic"],
  [/<\|python_tag\|>|<\|start_header_id\|>[^]*"parameters"/, "llama3-json"],
  [/<tool_call>/, "hermes"],
  [/<function_calls>|<invoke\b/, "xml"],
];

const reasoningMarks: Marks<ReasoningFormatName> = [
  [/\[THINK\]/, "mistral"],
  [/<\|START_THINKING\|>/, "command-r"],
  [/◁think▷/, "kimi"],
  [/<seed:think>/, "seed"],
  [/Here is my thought process|<response>/, "granite"],
  [/<think>|<\/think>/, "think"],
  [/<thinking>|<\/thinking>/, "thinking"],
];

const turnEnds = [
  "<|im_end|>",
  "<|eot_id|>",
  "<|eom_id|>",
  "<|eot|>",
  "<|eom|>",
  "<end_of_turn>",
  "<turn|>",
  "<|end|>",
  "<|end_of_text|>",
  "<|endoftext|>",
  "<|end_of_turn|>",
  "<|END_OF_TURN_TOKEN|>",
  "<|return|>",
  "<|call|>",
  "<｜end▁of▁sentence｜>",
  "</s>",
];

function stopTexts(source: string, eosToken: string | undefined): readonly string[] {
  const found = turnEnds.filter((mark) => source.includes(mark));
  // In a form with channels, an answer's parts end like that, not the answer.
  const stops = source.includes("<|channel|>") ? found.filter((mark) => mark !== "<|end|>") : found;
  return [...new Set(eosToken === undefined || eosToken === "" ? stops : [eosToken, ...stops])];
}
