import { createFormat } from "./create-format.ts";
import { callSeparators, readCalls } from "./json-calls.ts";

/** Phi-4 (the word), Phi-4-mini (the marks). */
export const phi = createFormat(
  "phi",
  `To call tools, answer with nothing but this word and a JSON array of all calls:
functools[{"name": "tool name", "arguments": {"argument": "value"}}]`,
  {
    open: ["functools", "<|tool_call|>", "<|tool_calls|>"],
    close: ["<|/tool_call|>", "<|/tool_calls|>"],
    read: (reader) => readCalls(reader, callSeparators),
  },
);
