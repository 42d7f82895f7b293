import { createFormat } from "./create-format.ts";
import { callSeparators, readCalls } from "./json-calls.ts";

/** Llama 3.1 and later: the whole answer is the call, or what follows the mark for code. */
export const llama3Json = createFormat(
  "llama3-json",
  `To call a tool, answer with nothing but its name and arguments as one JSON object:
{"name": "tool name", "parameters": {"argument": "value"}}
Separate several calls by "; ". Do not use variables.`,
  {
    open: ["<|python_tag|>"],
    close: ["<|eom_id|>", "<|eot_id|>"],
    bare: "{[",
    read: (reader) => readCalls(reader, callSeparators),
  },
);
