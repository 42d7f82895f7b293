import type { BlockReader, Reading } from "./block-reader.ts";
import { createFormat } from "./create-format.ts";
import { readArguments } from "./json-arguments.ts";
import { PendingCall } from "./pending-call.ts";
import { readTag, readTaggedCall, type TagForm } from "./tagged-call.ts";

const invoke: TagForm = {
  open: "<invoke name=",
  close: "</invoke>",
  argument: "<parameter name=",
  argumentEnd: "</parameter>",
};
const tool = "<tool name=";

/** For models without a form of their own: arguments in tags, or JSON in a tag. */
export const xml = createFormat(
  "xml",
  `To call tools, write this block, with an invoke for each call and a parameter for each argument:
<function_calls>
<invoke name="tool name">
<parameter name="argument">value</parameter>
</invoke>
</function_calls>
A value that is not a text is JSON.`,
  {
    open: ["<function_calls>", invoke.open, tool],
    close: ["</function_calls>", "</tool>"],
    *read(reader, open) {
      let mark: string | undefined = open;
      if (open === "<function_calls>") {
        yield* reader.afterSpace();
        mark = yield* reader.literal(invoke.open, tool);
      }
      if (mark === invoke.open) return yield* readTaggedCall(reader, invoke);
      return mark === tool && (yield* readTool(reader));
    },
  },
);

/** `<tool name="…">{…}</tool>`, after `name=`. */
function* readTool(reader: BlockReader): Reading<boolean> {
  const tag = yield* readTag(reader);
  if (tag === undefined || !reader.tools.names.has(tag.name)) return false;
  const call = new PendingCall(reader, tag.name);
  if (tag.isEmpty) return call.end();
  if ((yield* reader.afterSpace()) !== "<") return yield* readArguments(reader, call);
  return (yield* reader.literal("</tool>")) !== undefined && call.end();
}
