import { createFormat } from "./create-format.ts";
import { fence, readFencedCalls } from "./fenced-calls.ts";
import { readCalls } from "./json-calls.ts";

const action = "Action:";

/** Cohere's Command A and R7B (marks), Command R and R+ (`Action:` and a fence). */
export const commandR = createFormat(
  "command-r",
  `To call tools, write a JSON list of all calls between these marks:
<|START_ACTION|>[{"tool_name": "tool name", "parameters": {"argument": "value"}}]<|END_ACTION|>`,
  {
    open: ["<|START_ACTION|>", action],
    close: ["<|END_ACTION|>", fence],
    *read(reader, open) {
      if (open !== action) return yield* readCalls(reader);
      yield* reader.afterSpace();
      return (yield* reader.literal(fence)) !== undefined && (yield* readFencedCalls(reader));
    },
  },
);
