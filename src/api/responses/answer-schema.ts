import { type TProperties, Type } from "@sinclair/typebox";
import { nullable, open, words } from "../../http/schema.ts";
import { StoredItem } from "../common/items/stored-schema.ts";

const itemStatus = words("in_progress", "completed", "incomplete");

const OutputLogprob = Type.Object(
  {
    token: Type.String(),
    logprob: Type.Number(),
    bytes: nullable(Type.Array(Type.Integer())),
    top_logprobs: Type.Array(
      Type.Object({
        token: Type.String(),
        logprob: Type.Number(),
        bytes: nullable(Type.Array(Type.Integer())),
      }),
    ),
  },
  { title: "OutputLogprob" },
);
const OutputText = Type.Object(
  {
    type: Type.Literal("output_text"),
    text: Type.String(),
    annotations: Type.Array(Type.Unknown()),
    logprobs: Type.Array(OutputLogprob),
  },
  { title: "OutputText" },
);
const OutputRefusal = Type.Object(
  { type: Type.Literal("refusal"), refusal: Type.String() },
  { title: "OutputRefusal" },
);
const OutputPart = Type.Union([OutputText, OutputRefusal], { title: "OutputPart" });
const OutputMessage = Type.Object(
  {
    id: Type.String(),
    type: Type.Literal("message"),
    status: itemStatus,
    role: Type.Literal("assistant"),
    content: Type.Array(OutputPart),
  },
  { title: "OutputMessage" },
);
const OutputFunctionCall = Type.Object(
  {
    id: Type.String(),
    type: Type.Literal("function_call"),
    status: itemStatus,
    call_id: Type.String({ description: "By which its outcome is given." }),
    name: Type.String(),
    namespace: Type.Optional(Type.String()),
    arguments: Type.String({ description: "JSON text, as the model wrote it." }),
  },
  { title: "OutputFunctionCall" },
);
const OutputCustomToolCall = Type.Object(
  {
    id: Type.String(),
    type: Type.Literal("custom_tool_call"),
    status: itemStatus,
    call_id: Type.String(),
    name: Type.String(),
    namespace: Type.Optional(Type.String()),
    input: Type.String(),
  },
  { title: "OutputCustomToolCall" },
);
const SummaryPart = Type.Object(
  { type: Type.Literal("summary_text"), text: Type.String() },
  { title: "SummaryPart" },
);
const OutputReasoning = Type.Object(
  {
    id: Type.String(),
    type: Type.Literal("reasoning"),
    status: itemStatus,
    summary: Type.Array(SummaryPart),
    encrypted_content: Type.Optional(
      Type.String({ description: "The same text in base64, where `include` asks for it." }),
    ),
  },
  { title: "OutputReasoning", description: "What the model thought, if it tells." },
);
export const OutputItem = Type.Union(
  [OutputMessage, OutputFunctionCall, OutputCustomToolCall, OutputReasoning],
  { title: "OutputItem" },
);

const ResponseUsage = Type.Object(
  {
    input_tokens: Type.Integer(),
    input_tokens_details: Type.Object({ cached_tokens: Type.Integer(), cache_write_tokens: Type.Integer() }),
    output_tokens: Type.Integer(),
    output_tokens_details: Type.Object({ reasoning_tokens: Type.Integer() }),
    total_tokens: Type.Integer(),
  },
  {
    title: "ResponseUsage",
    description: "The backend's own counts where it gives them, else counted by a tokenizer.",
  },
);

export const ResponseSchema = Type.Object(
  {
    id: Type.String(),
    object: Type.Literal("response"),
    created_at: Type.Integer({ description: "Unix seconds." }),
    completed_at: nullable(Type.Integer()),
    status: words("queued", "in_progress", "completed", "incomplete", "failed", "cancelled"),
    background: Type.Boolean(),
    error: nullable(Type.Object({ code: Type.String(), message: Type.String() })),
    incomplete_details: nullable(Type.Object({ reason: words("max_output_tokens", "content_filter") })),
    instructions: nullable(Type.Union([Type.String(), Type.Array(Type.Unknown())])),
    max_output_tokens: nullable(Type.Integer()),
    max_tool_calls: nullable(Type.Integer()),
    model: Type.String(),
    output: Type.Array(OutputItem, { description: "Reasoning, messages and calls, in their order." }),
    parallel_tool_calls: Type.Boolean(),
    previous_response_id: nullable(Type.String()),
    prompt_cache_key: nullable(Type.String()),
    reasoning: Type.Object({ effort: nullable(Type.String()), summary: nullable(Type.String()) }),
    safety_identifier: nullable(Type.String()),
    service_tier: Type.String(),
    store: Type.Boolean({ description: "Whether it was kept." }),
    temperature: Type.Number(),
    text: Type.Object({ format: open({ type: Type.String() }), verbosity: Type.String() }),
    tool_choice: Type.Union([Type.String(), open({})]),
    tools: Type.Array(open({ type: Type.String() }), { description: "Those that can be called." }),
    top_logprobs: Type.Integer(),
    top_p: Type.Number(),
    presence_penalty: Type.Number(),
    frequency_penalty: Type.Number(),
    truncation: Type.String(),
    user: nullable(Type.String()),
    metadata: Type.Record(Type.String(), Type.String()),
    usage: nullable(ResponseUsage),
    conversation: Type.Optional(Type.Object({ id: Type.String() })),
    agent_metadata: Type.Optional(
      Type.Record(Type.String(), Type.Unknown(), {
        description: "Extension: what an agent tells of its work, such as `agents_used`.",
      }),
    ),
  },
  { title: "Response" },
);

export const InputTokens = Type.Object({
  object: Type.Literal("response.input_tokens"),
  input_tokens: Type.Integer(),
});

export const CompactedResponse = Type.Object({
  id: Type.String(),
  object: Type.Literal("response.compaction"),
  created_at: Type.Integer(),
  output: Type.Array(StoredItem),
  usage: ResponseUsage,
});

export const DeletedResponse = Type.Object({
  id: Type.String(),
  object: Type.Literal("response"),
  deleted: Type.Boolean(),
});

const at = { item_id: Type.String(), output_index: Type.Integer() };
const content = { ...at, content_index: Type.Integer() };
const summary = { ...at, summary_index: Type.Integer() };
const delta = { delta: Type.String() };
const logprobs = { logprobs: Type.Array(OutputLogprob) };
const response = { response: ResponseSchema };
const item = { output_index: Type.Integer(), item: OutputItem };

/** The fields of each event besides its type and its number. */
const events = {
  "response.created": response,
  "response.queued": response,
  "response.in_progress": response,
  "response.output_item.added": item,
  "response.content_part.added": { ...content, part: OutputPart },
  "response.output_text.delta": { ...content, ...delta, ...logprobs },
  "response.output_text.done": { ...content, text: Type.String(), ...logprobs },
  "response.refusal.delta": { ...content, ...delta },
  "response.refusal.done": { ...content, refusal: Type.String() },
  "response.content_part.done": { ...content, part: OutputPart },
  "response.reasoning_summary_part.added": { ...summary, part: SummaryPart },
  "response.reasoning_summary_text.delta": { ...summary, ...delta },
  "response.reasoning_summary_text.done": { ...summary, text: Type.String() },
  "response.reasoning_summary_part.done": { ...summary, part: SummaryPart },
  "response.function_call_arguments.delta": { ...at, ...delta },
  "response.function_call_arguments.done": { ...at, arguments: Type.String(), name: Type.String() },
  "response.custom_tool_call_input.delta": { ...at, ...delta },
  "response.custom_tool_call_input.done": { ...at, input: Type.String() },
  "response.output_item.done": item,
  error: {
    code: nullable(Type.String()),
    message: Type.String(),
    param: nullable(Type.String()),
    error: Type.Object({
      type: Type.String(),
      code: nullable(Type.String()),
      message: Type.String(),
      param: nullable(Type.String()),
    }),
  },
  "response.completed": response,
  "response.incomplete": response,
  "response.failed": response,
} as const satisfies Readonly<Record<string, TProperties>>;

export const ResponseStreamEvent = Type.Union(
  Object.entries<TProperties>(events).map(([type, fields]) =>
    Type.Object({ type: Type.Literal(type), sequence_number: Type.Integer(), ...fields }),
  ),
  {
    title: "ResponseStreamEvent",
    description:
      "One event: its `type` stands on the `event:` line too. They are numbered from 0; the last `data:` line is `[DONE]`.",
  },
);
