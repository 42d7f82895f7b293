import { createFormat } from "./create-format.ts";
import { readPythonCalls } from "./python-calls.ts";

/** Llama 3.2 and 4, ToolACE, Olmo 3: the whole answer is a list of calls in Python. */
export const llamaPythonic = createFormat(
  "llama-pythonic",
  `To call tools, answer with nothing but a Python list of calls with named arguments that are literals:
[tool_name(argument="value", other=1), other_tool()]`,
  {
    open: ["<|python_start|>", "<|python_tag|>", "<function_calls>"],
    close: ["<|python_end|>", "<|eom|>", "<|eot|>", "<|eom_id|>", "<|eot_id|>", "</function_calls>"],
    bare: "[",
    read: (reader) => readPythonCalls(reader),
  },
);
