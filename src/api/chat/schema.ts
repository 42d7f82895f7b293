import { type Static, Type } from "@sinclair/typebox";
import { nullish, open, words } from "../../http/schema.ts";
import { conversationIdPattern } from "../common/conversation/conversation-id.ts";
import { metadataField, modelField, samplingFields } from "../common/fields.ts";

const name = nullish(Type.String({ maxLength: 64, description: "Name of the speaker." }));
const toolName = Type.String({ minLength: 1, maxLength: 64, pattern: "^[A-Za-z0-9_-]+$" });

const TextPart = open({ type: Type.Literal("text"), text: Type.String() }, { title: "TextPart" });
const RefusalPart = open({ type: Type.Literal("refusal"), refusal: Type.String() }, { title: "RefusalPart" });
const ImagePart = open(
  {
    type: Type.Literal("image_url"),
    image_url: open({
      url: Type.String({ description: "A `data:` URL, or an address that the backend can reach." }),
      detail: nullish(Type.String()),
    }),
  },
  { title: "ImagePart", description: "For models that see." },
);
const AudioPart = open(
  {
    type: Type.Literal("input_audio"),
    input_audio: open({ data: Type.String({ description: "Base64." }), format: Type.String() }),
  },
  { title: "AudioPart", description: "For models that hear." },
);
const FilePart = open(
  {
    type: Type.Literal("file"),
    file: open({
      filename: nullish(Type.String()),
      file_data: nullish(Type.String({ description: "A `data:` URL." })),
      file_id: nullish(Type.String()),
    }),
  },
  { title: "FilePart", description: "For models that read files." },
);

const maxParts = 4_096;
const textContent = Type.Union([Type.String(), Type.Array(TextPart, { maxItems: maxParts })]);
const userContent = Type.Union([
  Type.String(),
  Type.Array(Type.Union([TextPart, ImagePart, AudioPart, FilePart]), { maxItems: maxParts }),
]);
const assistantContent = Type.Union([
  Type.String(),
  Type.Array(Type.Union([TextPart, RefusalPart]), { maxItems: maxParts }),
]);

const FunctionCall = open(
  {
    name: Type.String({ maxLength: 256 }),
    arguments: nullish(Type.String({ description: "JSON text, as the model wrote it." })),
  },
  { title: "GivenFunctionCall" },
);
const MessageToolCall = Type.Union(
  [
    open(
      {
        type: Type.Optional(Type.Literal("function")),
        id: Type.String({ maxLength: 512 }),
        function: FunctionCall,
      },
      { title: "GivenFunctionToolCall" },
    ),
    open(
      {
        type: Type.Literal("custom"),
        id: Type.String({ maxLength: 512 }),
        custom: open({ name: Type.String({ maxLength: 256 }), input: Type.String() }),
      },
      { title: "GivenCustomToolCall" },
    ),
  ],
  { title: "GivenToolCall", description: "A call of an earlier answer, given back." },
);

const SystemMessage = open(
  { role: words("system", "developer"), content: textContent, name },
  { title: "SystemMessage", description: "Instructions for the model." },
);
const UserMessage = open(
  { role: Type.Literal("user"), content: userContent, name },
  { title: "UserMessage", description: "What the user says." },
);
const AssistantMessage = open(
  {
    role: Type.Literal("assistant"),
    content: nullish(assistantContent),
    refusal: nullish(Type.String()),
    name,
    tool_calls: nullish(Type.Array(MessageToolCall, { maxItems: 1_024 })),
    function_call: nullish(FunctionCall),
  },
  { title: "AssistantMessage", description: "What the model answered before." },
);
const ToolMessage = open(
  {
    role: Type.Literal("tool"),
    tool_call_id: Type.String({ maxLength: 512, description: "Id of the call that this answers." }),
    content: textContent,
    name,
  },
  { title: "ToolMessage", description: "The outcome of a tool call." },
);
const FunctionMessage = open(
  {
    role: Type.Literal("function"),
    name: Type.String({ maxLength: 256 }),
    content: Type.Union([Type.String(), Type.Null()]),
  },
  { title: "FunctionMessage", description: "Older form of a tool message." },
);

export const ChatMessage = Type.Union(
  [SystemMessage, UserMessage, AssistantMessage, ToolMessage, FunctionMessage],
  { title: "ChatMessage", description: "One message; its `role` tells the kind." },
);
export type ChatMessage = Static<typeof ChatMessage>;

const FunctionDefinition = open(
  {
    name: toolName,
    description: nullish(Type.String({ description: "Tells the model when and how to call it." })),
    parameters: nullish(
      Type.Record(Type.String(), Type.Unknown(), { description: "JSON Schema of the arguments." }),
    ),
    strict: nullish(Type.Boolean({ description: "Whether the arguments have to follow the schema." })),
  },
  { title: "FunctionDefinition" },
);
const ToolDefinition = Type.Union(
  [
    open({ type: Type.Literal("function"), function: FunctionDefinition }, { title: "FunctionTool" }),
    open(
      {
        type: Type.Literal("custom"),
        custom: open({ name: toolName, description: nullish(Type.String()) }),
      },
      { title: "CustomTool", description: "A tool that takes free text." },
    ),
  ],
  { title: "Tool" },
);
export type ToolDefinition = Static<typeof ToolDefinition>;

const namedFunction = open(
  { type: Type.Literal("function"), function: open({ name: Type.String() }) },
  { title: "NamedFunction" },
);
const namedCustom = open(
  { type: Type.Literal("custom"), custom: open({ name: Type.String() }) },
  { title: "NamedCustomTool" },
);
const ToolChoiceField = Type.Union(
  [
    words("none", "auto", "required"),
    namedFunction,
    namedCustom,
    open(
      {
        type: Type.Literal("allowed_tools"),
        allowed_tools: open({
          mode: words("auto", "required"),
          tools: Type.Array(Type.Union([namedFunction, namedCustom]), { minItems: 1, maxItems: 128 }),
        }),
      },
      { title: "AllowedTools" },
    ),
  ],
  { title: "ToolChoice", description: "Whether the model may, must or must not call tools, and which." },
);
export type ToolChoiceField = Static<typeof ToolChoiceField>;

const ResponseFormat = Type.Union(
  [
    open({ type: Type.Literal("text") }, { title: "TextFormat" }),
    open({ type: Type.Literal("json_object") }, { title: "JsonFormat", description: "Any JSON object." }),
    open(
      {
        type: Type.Literal("json_schema"),
        json_schema: open({
          name: toolName,
          description: nullish(Type.String()),
          schema: nullish(
            Type.Record(Type.String(), Type.Unknown(), { description: "The JSON Schema to follow." }),
          ),
          strict: nullish(
            Type.Boolean({
              description: "Hold the schema to OpenAI's strict subset. The answer follows it either way.",
            }),
          ),
        }),
      },
      { title: "JsonSchemaFormat" },
    ),
  ],
  { title: "ResponseFormat", description: "The form of the answer." },
);

export const ChatCompletionRequest = open(
  {
    model: modelField,
    messages: Type.Array(ChatMessage, { minItems: 1, description: "The conversation so far." }),
    max_completion_tokens: nullish(
      Type.Integer({
        minimum: 1,
        maximum: 2_147_483_647,
        description: "Most tokens to generate; wins over `max_tokens`.",
      }),
    ),
    max_tokens: nullish(
      Type.Integer({
        minimum: 1,
        maximum: 2_147_483_647,
        description: "Older name of `max_completion_tokens`.",
      }),
    ),
    ...samplingFields,
    tools: nullish(
      Type.Array(ToolDefinition, { maxItems: 128, description: "Functions that the model may call." }),
    ),
    tool_choice: nullish(ToolChoiceField),
    parallel_tool_calls: nullish(Type.Boolean({ description: "Whether one answer may hold several calls." })),
    functions: nullish(
      Type.Array(FunctionDefinition, { maxItems: 128, description: "Older form of `tools`." }),
    ),
    function_call: nullish(
      Type.Union([words("none", "auto"), open({ name: Type.String() })], {
        description: "Older form of `tool_choice`.",
      }),
    ),
    response_format: nullish(ResponseFormat),
    logprobs: nullish(Type.Boolean({ description: "Report how likely each token was." })),
    top_logprobs: nullish(
      Type.Integer({
        minimum: 0,
        maximum: 20,
        description: "How many alternatives to report for each token.",
      }),
    ),
    reasoning_effort: nullish(words("none", "minimal", "low", "medium", "high", "xhigh", "max")),
    modalities: nullish(Type.Array(words("text", "audio"), { maxItems: 2 })),
    store: nullish(
      Type.Boolean({
        description: "Whether the answer is kept, with the messages, so that it can be looked up and listed.",
      }),
    ),
    metadata: metadataField(
      "Up to 16 texts by key, kept with what is stored. Not used otherwise, but for `conversation_id`, which agents take as they take the field of that name.",
    ),
    service_tier: nullish(words("auto", "default", "flex", "scale", "priority", "fast")),
    conversation_id: nullish(
      Type.String({
        pattern: conversationIdPattern,
        description:
          "Extension: the conversation that the request goes on with; may also be given as the header `X-Conversation-Id`. It comes back with the answer. Agents keep the history: a request without a message of the assistant is added to it, one with such a message is the whole history. Without an id, agents begin a new conversation. Other models keep no history.",
      }),
    ),
    include_steps: nullish(
      Type.Boolean({
        description: "Extension: whether an agent tells its steps, as `reasoning_content`.",
      }),
    ),
  },
  {
    examples: [{ model: "demo", messages: [{ role: "user", content: "Hello, how are you?" }] }],
  },
);
export type ChatCompletionRequest = Static<typeof ChatCompletionRequest>;
