import { createFormat } from "./create-format.ts";
import { readCalls } from "./json-calls.ts";

/** InternLM 2 and later (https://github.com/InternLM/InternLM/blob/main/chat/chat_format.md). */
export const internlm = createFormat(
  "internlm",
  `To call a tool, write its name and arguments as JSON between these marks:
<|action_start|><|plugin|>{"name": "tool name", "parameters": {"argument": "value"}}<|action_end|>`,
  {
    open: ["<|action_start|>"],
    close: ["<|action_end|>", "<|im_end|>"],
    *read(reader) {
      yield* reader.afterSpace();
      return (yield* reader.literal("<|plugin|>")) !== undefined && (yield* readCalls(reader));
    },
  },
);
