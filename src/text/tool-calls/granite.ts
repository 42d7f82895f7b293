import { createFormat } from "./create-format.ts";
import { callSeparators, readCalls } from "./json-calls.ts";

/** IBM Granite: 3.0 writes the first mark, 3.1 and later the second, the 20B function calling model the third. */
export const granite = createFormat(
  "granite",
  `To call tools, write this mark and after it a JSON list of all calls:
<|tool_call|>[{"name": "tool name", "arguments": {"argument": "value"}}]`,
  {
    open: ["<|tool_call|>", "<tool_call>", "<function_call>"],
    close: ["<|/tool_call|>", "</tool_call>", "</function_call>"],
    bare: "[",
    read: (reader) => readCalls(reader, callSeparators),
  },
);
