import { createFormat } from "./create-format.ts";
import { fence, readFencedCalls } from "./fenced-calls.ts";
import { callSeparators, readCalls } from "./json-calls.ts";

/** Salesforce xLAM: the whole answer is a JSON array, in later versions in a fence, after its thoughts or in marks. */
export const xlam = createFormat(
  "xlam",
  `To call tools, answer with nothing but a JSON array of all calls:
[{"name": "tool name", "arguments": {"argument": "value"}}]`,
  {
    open: [fence, "[TOOL_CALLS]", "<tool_call>"],
    close: [fence, "</tool_call>"],
    bare: "[{",
    anchors: ["</think>"],
    read: (reader, open) => (open === fence ? readFencedCalls(reader) : readCalls(reader, callSeparators)),
  },
);
