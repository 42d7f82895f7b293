import { createFormat } from "./create-format.ts";
import { fence, readFencedCalls } from "./fenced-calls.ts";
import { callSeparators, readCalls } from "./json-calls.ts";

/** For models without a form of their own: an object or an array at the beginning of the answer, or in a fence. */
export const json = createFormat(
  "json",
  `To call a tool, answer with nothing but its name and arguments as one JSON object, and with a JSON array of such objects for several calls:
{"name": "tool name", "arguments": {"argument": "value"}}`,
  {
    open: [fence],
    close: [fence],
    bare: "[{",
    anchors: ["</think>"],
    read: (reader, open) => (open === fence ? readFencedCalls(reader) : readCalls(reader, callSeparators)),
  },
);
