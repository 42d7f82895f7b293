import { describe, expect, test } from "bun:test";
import { findAnswerForm } from "../../../../src/text/templates/jinja/marks.ts";

describe("a template's source tells the form of tool calls:", () => {
  const sources: readonly (readonly [string, string | undefined])[] = [
    ["<tool_call>", "hermes"],
    ["<|start_header_id|> <|python_tag|>", "llama3-json"],
    ['<|start_header_id|> {"name": function name, "parameters": {}}', "llama3-json"],
    ["[func_name1(params_name1=params_value1)]", "llama-pythonic"],
    ["[TOOL_CALLS]", "mistral"],
    ["<|start_of_role|> <|tool_call|>", "granite"],
    ["<|start_of_role|> <tool_call>", "hermes"],
    ["<｜tool▁calls▁begin｜>", "deepseek"],
    ["<|tool|><|/tool|> <|tool_call|>", "phi"],
    ["functools[", "phi"],
    ["<|action_start|><|plugin|>", "internlm"],
    ["<|START_ACTION|>", "command-r"],
    ["<function_calls><invoke name=", "xml"],
    ["{{ messages }}", undefined],
  ];
  for (const [source, format] of sources) {
    test(`${format ?? "none"} by ${source}`, () => {
      const { toolCalls } = findAnswerForm(source, undefined);

      expect<string | undefined>(toolCalls).toBe(format);
    });
  }
});

describe("a template's source tells the marks of reasoning:", () => {
  const sources: readonly (readonly [string, string | undefined])[] = [
    ["</think>", "think"],
    ["<thinking>", "thinking"],
    ["[THINK]", "mistral"],
    ["<think></think><response></response>", "granite"],
    ["<|START_THINKING|>", "command-r"],
    ["◁think▷", "kimi"],
    ["<seed:think>", "seed"],
    ["enable_thinking", undefined],
  ];
  for (const [source, format] of sources) {
    test(`${format ?? "none"} by ${source}`, () => {
      const { reasoning } = findAnswerForm(source, undefined);

      expect<string | undefined>(reasoning).toBe(format);
    });
  }
});

describe("an answer ends with", () => {
  const sources: readonly (readonly [string, string, string | undefined, readonly string[]])[] = [
    ["the tokenizer's own mark first", "<|im_end|>", "<|endoftext|>", ["<|endoftext|>", "<|im_end|>"]],
    ["each mark once", "<|eot_id|>", "<|eot_id|>", ["<|eot_id|>"]],
    ["nothing when nothing is known", "{{ messages }}", undefined, []],
    ["no mark that ends only a part of it", "<|channel|> <|end|> <|return|>", undefined, ["<|return|>"]],
  ];
  for (const [what, source, eosToken, stop] of sources) {
    test(what, () => {
      expect(findAnswerForm(source, eosToken).stop).toEqual(stop);
    });
  }
});
