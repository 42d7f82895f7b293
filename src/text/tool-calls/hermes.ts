import { createFormat } from "./create-format.ts";
import { callSeparators, readCalls } from "./json-calls.ts";
import { readTaggedCall, type TagForm } from "./tagged-call.ts";

const qwenCoder: TagForm = {
  open: "<function=",
  close: "</function>",
  argument: "<parameter=",
  argumentEnd: "</parameter>",
};

/**
 * Hermes 2 Pro and later, Qwen 2.5 and 3 (https://huggingface.co/NousResearch/Hermes-2-Pro-Llama-3-8B), and the tags
 * of Qwen3-Coder, which often leave the outer one out.
 */
export const hermes = createFormat(
  "hermes",
  `To call a tool, write its name and arguments as JSON between these tags, one pair of tags for each call:
<tool_call>
{"name": "tool name", "arguments": {"argument": "value"}}
</tool_call>`,
  {
    open: ["<tool_call>", qwenCoder.open],
    close: ["</tool_call>"],
    *read(reader, open) {
      if (open === qwenCoder.open) return yield* readTaggedCall(reader, qwenCoder);
      if ((yield* reader.afterSpace()) !== "<") return yield* readCalls(reader, callSeparators);
      const tag = yield* reader.literal(qwenCoder.open);
      return tag !== undefined && (yield* readTaggedCall(reader, qwenCoder));
    },
  },
);
