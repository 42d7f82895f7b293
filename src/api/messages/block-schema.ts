import { type Static, Type } from "@sinclair/typebox";
import { nullish, open } from "../../http/schema.ts";

/** Any word but `known`. For the compiler it is one of its own, by which unions are told apart. */
export function otherWord(known: readonly string[]) {
  const pattern = String.raw`^(?!(?:${known.join("|")})$)[\w.-]+$`;
  return Type.Unsafe<"other">(Type.String({ maxLength: 64, pattern }));
}

const base64 = Type.String({ description: "Base64." });

export const TextBlock = open(
  { type: Type.Literal("text"), text: Type.String() },
  { title: "GivenTextBlock" },
);
const ImageBlock = open(
  {
    type: Type.Literal("image"),
    source: Type.Union([
      open({
        type: Type.Literal("base64"),
        media_type: Type.String({ maxLength: 64, pattern: String.raw`^image/[\w.+-]+$` }),
        data: base64,
      }),
      open({
        type: Type.Literal("url"),
        url: Type.String({ description: "An address that the backend can reach." }),
      }),
    ]),
  },
  { title: "GivenImageBlock", description: "For models that see." },
);
const DocumentBlock = open(
  {
    type: Type.Literal("document"),
    source: Type.Union([
      open({ type: Type.Literal("text"), data: Type.String() }),
      open({
        type: Type.Literal("base64"),
        media_type: Type.String({ maxLength: 128, pattern: String.raw`^[\w.+-]+/[\w.+-]+$` }),
        data: base64,
      }),
      open({
        type: Type.Literal("content"),
        content: Type.Union([
          Type.String(),
          Type.Array(Type.Union([TextBlock, ImageBlock]), { maxItems: 4_096 }),
        ]),
      }),
      open({ type: Type.Literal("file"), file_id: Type.String({ maxLength: 512 }) }),
    ]),
    title: nullish(Type.String()),
    context: nullish(Type.String()),
  },
  { title: "GivenDocumentBlock", description: "Text is read by any model, files by those that take them." },
);
const SearchResultBlock = open(
  {
    type: Type.Literal("search_result"),
    source: Type.String(),
    title: Type.String(),
    content: Type.Array(TextBlock, { maxItems: 4_096 }),
  },
  { title: "GivenSearchResultBlock" },
);
const ToolUseBlock = open(
  {
    type: Type.Literal("tool_use"),
    id: Type.String({ maxLength: 512 }),
    name: Type.String({ maxLength: 256 }),
    input: Type.Unknown({ description: "The arguments, an object." }),
  },
  { title: "GivenToolUseBlock", description: "A call of an earlier answer, given back." },
);

const read = ["text", "image", "document", "search_result", "tool_use", "tool_result"];
const OtherBlock = open(
  { type: otherWord(read) },
  {
    title: "OtherBlock",
    description:
      "Thinking, what Anthropic's own tools did, and kinds that are not known: not shown to the model.",
  },
);

const ResultBlock = Type.Union([TextBlock, ImageBlock, DocumentBlock, SearchResultBlock, OtherBlock], {
  title: "GivenResultBlock",
});
export type ResultBlock = Static<typeof ResultBlock>;

const ToolResultBlock = open(
  {
    type: Type.Literal("tool_result"),
    tool_use_id: Type.String({ maxLength: 512, description: "Id of the call." }),
    content: nullish(Type.Union([Type.String(), Type.Array(ResultBlock, { maxItems: 4_096 })])),
    is_error: nullish(Type.Boolean()),
  },
  { title: "GivenToolResultBlock", description: "The outcome of a call." },
);
export type ToolResultBlock = Static<typeof ToolResultBlock>;

export const UserBlock = Type.Union(
  [TextBlock, ImageBlock, DocumentBlock, SearchResultBlock, ToolResultBlock, OtherBlock],
  { title: "UserBlock" },
);
export type UserBlock = Static<typeof UserBlock>;

export const AssistantBlock = Type.Union([TextBlock, ToolUseBlock, OtherBlock], { title: "AssistantBlock" });
export type AssistantBlock = Static<typeof AssistantBlock>;
