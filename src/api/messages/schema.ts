import { type Static, Type } from "@sinclair/typebox";
import { nullish, open, words } from "../../http/schema.ts";
import { modelField, samplingFields } from "../common/fields.ts";
import { AssistantBlock, otherWord, TextBlock, UserBlock } from "./block-schema.ts";

const maxBlocks = 4_096;

const UserTurn = open(
  {
    role: Type.Literal("user"),
    content: Type.Union([Type.String(), Type.Array(UserBlock, { maxItems: maxBlocks })]),
  },
  { title: "UserTurn", description: "What the user says, and the outcome of calls." },
);
const AssistantTurn = open(
  {
    role: Type.Literal("assistant"),
    content: Type.Union([Type.String(), Type.Array(AssistantBlock, { maxItems: maxBlocks })]),
  },
  { title: "AssistantTurn", description: "What the model answered before." },
);
const systemContent = Type.Union([Type.String(), Type.Array(TextBlock, { maxItems: maxBlocks })]);
const SystemTurn = open(
  { role: Type.Literal("system"), content: systemContent },
  { title: "SystemTurn", description: "Instructions in the middle of a conversation." },
);

export const MessageTurn = Type.Union([UserTurn, AssistantTurn, SystemTurn], {
  title: "MessageTurn",
  description: "One message; its `role` tells the kind.",
});
export type MessageTurn = Static<typeof MessageTurn>;

const CustomTool = open(
  {
    type: nullish(Type.Literal("custom")),
    name: Type.String({ minLength: 1, maxLength: 128, pattern: "^[A-Za-z0-9_-]+$" }),
    description: nullish(Type.String({ description: "Tells the model when and how to call it." })),
    input_schema: Type.Record(Type.String(), Type.Unknown(), {
      description: "JSON Schema of the arguments.",
    }),
    strict: nullish(Type.Boolean({ description: "Whether the arguments have to follow the schema." })),
  },
  { title: "MessageTool" },
);
const OtherTool = open(
  { type: otherWord(["custom"]) },
  {
    title: "AnthropicTool",
    description: "A tool of Anthropic's own, such as `web_search_20250305`: left out, and named in a header.",
  },
);
export const ToolField = Type.Union([CustomTool, OtherTool], { title: "MessageToolField" });
export type ToolField = Static<typeof ToolField>;

const inParallel = {
  disable_parallel_tool_use: nullish(
    Type.Boolean({ description: "Whether one answer may hold only one call." }),
  ),
};
const ToolChoiceField = Type.Union(
  [
    open({ type: Type.Literal("auto"), ...inParallel }, { title: "ToolChoiceAuto" }),
    open({ type: Type.Literal("any"), ...inParallel }, { title: "ToolChoiceAny" }),
    open({ type: Type.Literal("tool"), name: Type.String(), ...inParallel }, { title: "ToolChoiceTool" }),
    open({ type: Type.Literal("none") }, { title: "ToolChoiceNone" }),
  ],
  { title: "MessageToolChoice", description: "Whether the model may, must or must not call tools." },
);

const display = { display: nullish(words("summarized", "omitted")) };
const ThinkingField = Type.Union(
  [
    open(
      {
        type: Type.Literal("enabled"),
        budget_tokens: Type.Integer({
          minimum: 1,
          maximum: 2_147_483_647,
          description: "Asks for a low (up to 4096), medium (up to 16384) or high reasoning effort.",
        }),
        ...display,
      },
      { title: "ThinkingEnabled" },
    ),
    open({ type: Type.Literal("adaptive"), ...display }, { title: "ThinkingAdaptive" }),
    open({ type: Type.Literal("between_tools"), ...display }, { title: "ThinkingBetweenTools" }),
    open({ type: Type.Literal("disabled"), ...display }, { title: "ThinkingDisabled" }),
  ],
  { title: "Thinking", description: "How much the model thinks, and whether it is shown." },
);

const OutputFormatField = open(
  {
    type: Type.Literal("json_schema"),
    schema: Type.Record(Type.String(), Type.Unknown(), { description: "The JSON Schema to follow." }),
  },
  { title: "MessageOutputFormat" },
);

/** All but what limits the answer, which there is none of where tokens are counted. */
const promptFields = {
  model: modelField,
  messages: Type.Array(MessageTurn, { minItems: 1, description: "The whole conversation." }),
  system: nullish(systemContent),
  tools: nullish(Type.Array(ToolField, { maxItems: 512, description: "What the model may call." })),
  tool_choice: nullish(ToolChoiceField),
  thinking: nullish(ThinkingField),
  output_config: nullish(
    open(
      {
        format: nullish(OutputFormatField),
        effort: nullish(words("low", "medium", "high", "xhigh", "max")),
      },
      { title: "MessageOutputConfig" },
    ),
  ),
  output_format: nullish(OutputFormatField),
};

export const CountTokensRequest = open(promptFields, {
  examples: [{ model: "demo", messages: [{ role: "user", content: "Hello, how are you?" }] }],
});
export type CountTokensRequest = Static<typeof CountTokensRequest>;

export const MessageRequest = open(
  {
    ...promptFields,
    max_tokens: Type.Integer({
      minimum: 1,
      maximum: 2_147_483_647,
      description: "Most tokens to generate.",
    }),
    temperature: samplingFields.temperature,
    top_p: samplingFields.top_p,
    top_k: samplingFields.top_k,
    stop_sequences: nullish(
      Type.Array(Type.String({ maxLength: 1024 }), {
        maxItems: 16,
        description: "Texts that end the answer; they are not part of it.",
      }),
    ),
    stream: samplingFields.stream,
    metadata: nullish(
      open(
        { user_id: nullish(Type.String({ maxLength: 4_096 })) },
        { title: "MessageMetadata", description: "Accepted and not used." },
      ),
    ),
    service_tier: nullish(Type.String({ maxLength: 64, description: "Accepted and not used." })),
  },
  {
    examples: [
      { model: "demo", max_tokens: 1024, messages: [{ role: "user", content: "Hello, how are you?" }] },
    ],
  },
);
export type MessageRequest = Static<typeof MessageRequest>;
