/**
 * Items: what the Responses API has in place of messages. Read leniently, since clients send back what other servers
 * gave them: ids, statuses and annotations may be missing, and any part may stand under any role.
 */
import { type Static, type TProperties, Type } from "@sinclair/typebox";
import { nullish, open, words } from "../../../http/schema.ts";

const maxParts = 4_096;
const callId = Type.String({ maxLength: 512, description: "Ties a call to its outcome." });
const toolName = Type.String({ minLength: 1, maxLength: 256 });
const status = nullish(Type.String({ maxLength: 32 }));
const id = nullish(
  Type.String({ maxLength: 512, description: "Not needed where the item has its content with it." }),
);

const TextItemPart = open(
  {
    type: words("input_text", "output_text", "text", "summary_text", "reasoning_text"),
    text: Type.String(),
    annotations: nullish(Type.Array(Type.Unknown())),
    logprobs: nullish(Type.Array(Type.Unknown())),
  },
  { title: "TextItemPart" },
);
const RefusalItemPart = open(
  { type: Type.Literal("refusal"), refusal: Type.String() },
  { title: "RefusalItemPart" },
);
const ImageItemPart = open(
  {
    type: words("input_image", "computer_screenshot"),
    image_url: nullish(
      Type.String({ description: "A `data:` URL, or an address that the backend can reach." }),
    ),
    file_id: nullish(Type.String()),
    detail: nullish(Type.String({ maxLength: 32 })),
  },
  { title: "ImageItemPart", description: "For models that see." },
);
const AudioItemPart = open(
  {
    type: Type.Literal("input_audio"),
    input_audio: open({ data: Type.String({ description: "Base64." }), format: Type.String() }),
  },
  { title: "AudioItemPart", description: "For models that hear." },
);
const FileItemPart = open(
  {
    type: Type.Literal("input_file"),
    filename: nullish(Type.String()),
    file_data: nullish(Type.String({ description: "A `data:` URL." })),
    file_id: nullish(Type.String()),
    file_url: nullish(Type.String()),
    detail: nullish(Type.String({ maxLength: 32 })),
  },
  { title: "FileItemPart", description: "For models that read files." },
);
export const ItemPart = Type.Union(
  [TextItemPart, RefusalItemPart, ImageItemPart, AudioItemPart, FileItemPart],
  { title: "ItemPart" },
);
export type ItemPart = Static<typeof ItemPart>;

const content = Type.Union([Type.String(), Type.Array(ItemPart, { maxItems: maxParts })]);
export type ItemContent = Static<typeof content>;

export const MessageItem = open(
  {
    type: nullish(Type.Literal("message")),
    id,
    role: words("user", "assistant", "system", "developer"),
    content,
    status,
    phase: nullish(Type.String({ maxLength: 32 })),
    name: nullish(Type.String({ maxLength: 64, description: "Extension: name of the speaker." })),
  },
  { title: "MessageItem", description: "A message, given or answered; its `type` may be left out." },
);
export const FunctionCallItem = open(
  {
    type: Type.Literal("function_call"),
    id,
    call_id: callId,
    name: toolName,
    namespace: nullish(Type.String({ maxLength: 256 })),
    arguments: nullish(Type.String({ description: "JSON text, as the model wrote it." })),
    status,
  },
  { title: "FunctionCallItem" },
);
export const CustomToolCallItem = open(
  {
    type: Type.Literal("custom_tool_call"),
    id,
    call_id: callId,
    name: toolName,
    namespace: nullish(Type.String({ maxLength: 256 })),
    input: Type.String(),
    status,
  },
  { title: "CustomToolCallItem" },
);
const outcome = {
  id,
  call_id: nullish(callId),
  output: content,
  name: nullish(Type.String({ maxLength: 256 })),
  namespace: nullish(Type.String({ maxLength: 256 })),
  status,
} satisfies TProperties;
export const FunctionCallOutputItem = open(
  { type: Type.Literal("function_call_output"), ...outcome },
  { title: "FunctionCallOutputItem", description: "The outcome of a call." },
);
export const CustomToolCallOutputItem = open(
  { type: Type.Literal("custom_tool_call_output"), ...outcome },
  { title: "CustomToolCallOutputItem", description: "The outcome of a custom tool's call." },
);
export const ReasoningItem = open(
  {
    type: Type.Literal("reasoning"),
    id,
    summary: nullish(Type.Array(Type.Unknown(), { maxItems: maxParts })),
    content: nullish(Type.Array(Type.Unknown(), { maxItems: maxParts })),
    encrypted_content: nullish(Type.String()),
    status,
  },
  { title: "ReasoningItem", description: "Kept, and shown to no model: what it thought is not said." },
);
export const CompactionItem = open(
  { type: Type.Literal("compaction"), id, encrypted_content: nullish(Type.String()) },
  { title: "CompactionItem", description: "A summary in place of what came before." },
);
export const ItemReference = open(
  { type: nullish(Type.Literal("item_reference")), id: Type.String({ minLength: 1, maxLength: 512 }) },
  { title: "ItemReference", description: "Stands for a stored item." },
);

const read = [
  "message",
  "function_call",
  "custom_tool_call",
  "function_call_output",
  "custom_tool_call_output",
  "reasoning",
  "compaction",
  "item_reference",
];
const OtherItem = open(
  { type: Type.String({ maxLength: 64, pattern: `^(?!(?:${read.join("|")})$)[\\w:.-]+$` }), id },
  {
    title: "OtherItem",
    description: "Of a hosted tool or of a kind that is not known: kept, not shown to the model.",
  },
);

export const InputItem = Type.Union(
  [
    MessageItem,
    FunctionCallItem,
    FunctionCallOutputItem,
    CustomToolCallItem,
    CustomToolCallOutputItem,
    ReasoningItem,
    CompactionItem,
    ItemReference,
    OtherItem,
  ],
  { title: "InputItem", description: "One item; its `type` tells the kind." },
);
export type InputItem = Static<typeof InputItem>;
