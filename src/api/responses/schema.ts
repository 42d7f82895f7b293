import { type Static, Type } from "@sinclair/typebox";
import { nullish, open, words } from "../../http/schema.ts";
import { conversationIdPattern } from "../common/conversation/conversation-id.ts";
import { metadataField, modelField, samplingFields } from "../common/fields.ts";
import { InputItem } from "../common/items/schema.ts";
import { ToolChoiceField, toolsField } from "./tool-schema.ts";

const input = nullish(
  Type.Union([Type.String(), Type.Array(InputItem)], {
    description:
      "A text, which is a message of the user, or items. May be left out where there is a history.",
  }),
);
const instructions = nullish(
  Type.Union([Type.String(), Type.Array(InputItem)], {
    description: "Stands first, as a system message; not taken over from the response before.",
  }),
);
const previousResponseId = nullish(
  Type.String({ maxLength: 512, description: "The stored response that this one goes on from." }),
);
const conversation = nullish(
  Type.Union(
    [
      Type.String({ maxLength: 512 }),
      open({ id: Type.String({ maxLength: 512 }) }, { title: "ConversationReference" }),
    ],
    { description: "The conversation whose items come first, and which gets those of this turn." },
  ),
);
const reasoning = nullish(
  open(
    {
      effort: nullish(words("none", "minimal", "low", "medium", "high", "xhigh", "max")),
      summary: nullish(words("auto", "concise", "detailed")),
      generate_summary: nullish(words("auto", "concise", "detailed")),
    },
    { title: "ReasoningOptions", description: "How much the model is to think first, if it can." },
  ),
);
const TextFormat = Type.Union(
  [
    open({ type: Type.Literal("text") }, { title: "ResponseTextFormat" }),
    open(
      { type: Type.Literal("json_object") },
      { title: "ResponseJsonFormat", description: "Any JSON object." },
    ),
    open(
      {
        type: Type.Literal("json_schema"),
        name: Type.String({ minLength: 1, maxLength: 64, pattern: "^[A-Za-z0-9_-]+$" }),
        description: nullish(Type.String()),
        schema: Type.Record(Type.String(), Type.Unknown(), { description: "The JSON Schema to follow." }),
        strict: nullish(
          Type.Boolean({
            description: "Hold the schema to OpenAI's strict subset. The answer follows it either way.",
          }),
        ),
      },
      { title: "ResponseJsonSchemaFormat" },
    ),
  ],
  { title: "ResponseFormatField", description: "The form of the answer." },
);
export type TextFormat = Static<typeof TextFormat>;

const text = nullish(
  open(
    { format: nullish(TextFormat), verbosity: nullish(words("low", "medium", "high")) },
    { title: "ResponseTextOptions" },
  ),
);
const truncation = nullish(words("auto", "disabled"));
const words64 = nullish(Type.String({ maxLength: 64 }));
const cacheFields = {
  prompt_cache_key: nullish(Type.String({ maxLength: 512, description: "Comes back; not used." })),
  prompt_cache_options: nullish(open({}, { description: "Not used." })),
  prompt_cache_retention: words64,
  service_tier: nullish(words("auto", "default", "flex", "scale", "priority", "fast", "ultrafast")),
};

/** What makes up the prompt, for all routes that take one. */
const promptFields = {
  model: modelField,
  input,
  instructions,
  previous_response_id: previousResponseId,
  conversation,
  tools: toolsField,
  tool_choice: nullish(ToolChoiceField),
  parallel_tool_calls: nullish(Type.Boolean({ description: "Whether one answer may hold several calls." })),
  reasoning,
  text,
  truncation,
};

const { n: _n, stream, stream_options: _options, user, ...sampling } = samplingFields;

export const ResponseRequest = open(
  {
    ...promptFields,
    ...sampling,
    stream,
    stream_options: nullish(
      open(
        {
          include_obfuscation: nullish(Type.Boolean({ description: "Accepted; no padding is ever sent." })),
        },
        { title: "ResponseStreamOptions" },
      ),
    ),
    store: nullish(
      Type.Boolean({
        description: "Whether the response can be looked up and gone on from later; true if left out.",
      }),
    ),
    background: nullish(
      Type.Boolean({ description: "Answer at once, and go on working after the client has left." }),
    ),
    include: nullish(
      Type.Array(Type.String({ maxLength: 128 }), {
        maxItems: 64,
        description:
          "`message.output_text.logprobs` and `reasoning.encrypted_content` add to the answer; others are ignored.",
      }),
    ),
    max_output_tokens: nullish(
      Type.Integer({ minimum: 1, maximum: 2_147_483_647, description: "Most tokens to generate." }),
    ),
    max_tool_calls: nullish(Type.Integer({ description: "Of hosted tools, which there are none of." })),
    top_logprobs: nullish(
      Type.Integer({
        minimum: 0,
        maximum: 20,
        description: "How many alternatives to report for each token.",
      }),
    ),
    metadata: metadataField("Up to 16 texts by key, kept with the response."),
    prompt: nullish(open({}, { description: "Refused: no prompts are kept here." })),
    safety_identifier: words64,
    user,
    ...cacheFields,
    access_programs: nullish(Type.Unknown()),
    context_management: nullish(Type.Unknown()),
    image: nullish(Type.Unknown()),
    moderation: nullish(Type.Unknown()),
    client_metadata: nullish(Type.Unknown()),
    conversation_id: nullish(
      Type.String({
        pattern: conversationIdPattern,
        description:
          "Extension, for agents: the conversation as chat names it; may also be given as the header `X-Conversation-Id`. One that is not there yet is begun.",
      }),
    ),
    include_steps: nullish(
      Type.Boolean({ description: "Extension: whether an agent tells its steps, as reasoning." }),
    ),
  },
  { examples: [{ model: "demo", input: "Hello, how are you?" }] },
);
export type ResponseRequest = Static<typeof ResponseRequest>;

export const InputTokensRequest = open(promptFields, {
  examples: [{ model: "demo", input: "Hello, how are you?" }],
});
export type InputTokensRequest = Static<typeof InputTokensRequest>;

export const CompactRequest = open(
  { model: modelField, input, instructions, previous_response_id: previousResponseId, ...cacheFields },
  { examples: [{ model: "demo", input: "Hello, how are you?" }] },
);
export type CompactRequest = Static<typeof CompactRequest>;
