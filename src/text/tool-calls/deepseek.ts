import type { BlockReader, Reading } from "./block-reader.ts";
import { createFormat } from "./create-format.ts";
import { readArguments } from "./json-arguments.ts";
import { PendingCall } from "./pending-call.ts";
import { readTaggedCall, type TagForm } from "./tagged-call.ts";

const callsBegin = "<｜tool▁calls▁begin｜>";
const callBegin = "<｜tool▁call▁begin｜>";
const callEnd = "<｜tool▁call▁end｜>";
const separator = "<｜tool▁sep｜>";

/** The tags of V3.2 and later. */
const tags: TagForm = {
  open: "<｜DSML｜invoke name=",
  close: "</｜DSML｜invoke>",
  argument: "<｜DSML｜parameter name=",
  argumentEnd: "</｜DSML｜parameter>",
};
const tagBlocks = ["<｜DSML｜function_calls>", "<｜DSML｜tool_calls>"];

/** DeepSeek V3 and R1 (a fenced block after the name), V3.1 (name, mark, JSON) and V3.2 (tags). */
export const deepseek = createFormat(
  "deepseek",
  `To call tools, write nothing after this block:
${callsBegin}${callBegin}tool name${separator}{"argument": "value"}${callEnd}<｜tool▁calls▁end｜>
Each call has its own ${callBegin} and ${callEnd}.`,
  {
    open: [callsBegin, callBegin, tags.open, ...tagBlocks],
    close: [
      callEnd,
      "<｜tool▁calls▁end｜>",
      "<｜end▁of▁sentence｜>",
      ...tagBlocks.map((mark) => mark.replace("<", "</")),
    ],
    *read(reader, open) {
      if (tagBlocks.includes(open)) {
        yield* reader.afterSpace();
        if ((yield* reader.literal(tags.open)) === undefined) return false;
      }
      if (open.startsWith("<｜DSML｜")) return yield* readTaggedCall(reader, tags);
      if (open === callsBegin) {
        yield* reader.afterSpace();
        if ((yield* reader.literal(callBegin)) === undefined) return false;
      }
      return yield* readCall(reader);
    },
  },
);

function* readCall(reader: BlockReader): Reading<boolean> {
  yield* reader.afterSpace();
  const head = yield* reader.take(toolName, 256);
  if (head === undefined || head === "" || (yield* reader.afterSpace()) !== "<") return false;
  if ((yield* reader.literal(separator)) === undefined) return false;
  const next = yield* reader.afterSpace();
  // Before V3.1 the word in front of the separator is the kind of the tool, and the name follows.
  const isOld = /[\w.-]/.test(next);
  const name = isOld ? yield* reader.take(toolName, 256) : head;
  if (name === undefined || !reader.tools.names.has(name)) return false;
  const start = isOld ? yield* reader.afterSpace() : next;
  if (start === "<") {
    if ((yield* reader.literal(callEnd)) === undefined) return false;
    return new PendingCall(reader, name).end();
  }
  if (start === "`") {
    if ((yield* reader.literal("```")) === undefined) return false;
    yield* reader.take(/[a-z]+/y, 16);
  }
  if (!(yield* readArguments(reader, new PendingCall(reader, name)))) return false;
  if (start !== "`" || (yield* reader.afterSpace()) === "") return true;
  return (yield* reader.literal("```")) !== undefined;
}

const toolName = /[\w.-]+/y;
