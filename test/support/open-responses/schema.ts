import { z } from "zod";

/** What Open Responses asks of a response and of each event of its stream: our own form of its schema, apart from the product's. */
const status = z.enum(["in_progress", "completed", "incomplete"]);
const logprob = z.object({ token: z.string(), logprob: z.number(), top_logprobs: z.array(z.unknown()) });
const part = z.discriminatedUnion("type", [
  z.object({
    type: z.literal("output_text"),
    text: z.string(),
    annotations: z.array(z.unknown()),
    logprobs: z.array(logprob),
  }),
  z.object({ type: z.literal("refusal"), refusal: z.string() }),
  z.object({ type: z.literal("reasoning_text"), text: z.string() }),
]);
const summaryPart = z.object({ type: z.literal("summary_text"), text: z.string() });

const identity = { id: z.string().min(1), status };
const item = z.discriminatedUnion("type", [
  z.object({
    type: z.literal("message"),
    ...identity,
    role: z.literal("assistant"),
    content: z.array(part),
  }),
  z.object({
    type: z.literal("function_call"),
    ...identity,
    call_id: z.string().min(1),
    name: z.string().min(1),
    arguments: z.string(),
  }),
  z.object({ type: z.literal("reasoning"), ...identity, summary: z.array(summaryPart) }),
]);

const functionTool = z.object({
  type: z.literal("function"),
  name: z.string(),
  description: z.string().nullable(),
  parameters: z.record(z.string(), z.unknown()).nullable(),
  strict: z.boolean().nullable(),
});
const namedChoice = z.object({ type: z.literal("function"), name: z.string() });
const usage = z.object({
  input_tokens: z.int(),
  input_tokens_details: z.object({ cached_tokens: z.int() }),
  output_tokens: z.int(),
  output_tokens_details: z.object({ reasoning_tokens: z.int() }),
  total_tokens: z.int(),
});

/** All of its 32 keys are required. */
export const openResponse = z.object({
  id: z.string().min(1),
  object: z.literal("response"),
  created_at: z.int(),
  completed_at: z.int().nullable(),
  status: z.enum(["queued", "in_progress", "completed", "incomplete", "failed"]),
  incomplete_details: z.object({ reason: z.string() }).nullable(),
  model: z.string(),
  previous_response_id: z.string().nullable(),
  instructions: z.string().nullable(),
  output: z.array(item),
  error: z.object({ code: z.string(), message: z.string() }).nullable(),
  tools: z.array(functionTool),
  tool_choice: z.union([z.enum(["none", "auto", "required"]), namedChoice]),
  truncation: z.enum(["auto", "disabled"]),
  parallel_tool_calls: z.boolean(),
  text: z.object({ format: z.looseObject({ type: z.string() }) }),
  top_p: z.number(),
  presence_penalty: z.number(),
  frequency_penalty: z.number(),
  top_logprobs: z.int(),
  temperature: z.number(),
  reasoning: z.object({ effort: z.string().nullable(), summary: z.string().nullable() }).nullable(),
  user: z.string().nullable(),
  usage: usage.nullable(),
  max_output_tokens: z.int().nullable(),
  max_tool_calls: z.int().nullable(),
  store: z.boolean(),
  background: z.boolean(),
  service_tier: z.string(),
  metadata: z.record(z.string(), z.string()),
  safety_identifier: z.string().nullable(),
  prompt_cache_key: z.string().nullable(),
});
export type OpenResponse = z.infer<typeof openResponse>;

const sequence = { sequence_number: z.int().nonnegative() };
const snapshot = { ...sequence, response: openResponse };
const ofItem = { ...sequence, output_index: z.int(), item };
const inItem = { ...sequence, item_id: z.string().min(1), output_index: z.int() };
const inContent = { ...inItem, content_index: z.int() };
const inSummary = { ...inItem, summary_index: z.int() };

const error = z.object({ type: z.string(), code: z.string().nullable(), message: z.string() });

export const openResponseEvent = z.discriminatedUnion("type", [
  z.object({ type: z.literal("response.created"), ...snapshot }),
  z.object({ type: z.literal("response.queued"), ...snapshot }),
  z.object({ type: z.literal("response.in_progress"), ...snapshot }),
  z.object({ type: z.literal("response.completed"), ...snapshot }),
  z.object({ type: z.literal("response.incomplete"), ...snapshot }),
  z.object({ type: z.literal("response.failed"), ...snapshot }),
  z.object({ type: z.literal("response.output_item.added"), ...ofItem }),
  z.object({ type: z.literal("response.output_item.done"), ...ofItem }),
  z.object({ type: z.literal("response.content_part.added"), ...inContent, part }),
  z.object({ type: z.literal("response.content_part.done"), ...inContent, part }),
  z.object({
    type: z.literal("response.output_text.delta"),
    ...inContent,
    delta: z.string(),
    logprobs: z.array(logprob),
  }),
  z.object({
    type: z.literal("response.output_text.done"),
    ...inContent,
    text: z.string(),
    logprobs: z.array(logprob),
  }),
  z.object({ type: z.literal("response.refusal.delta"), ...inContent, delta: z.string() }),
  z.object({ type: z.literal("response.refusal.done"), ...inContent, refusal: z.string() }),
  z.object({
    type: z.literal("response.reasoning_summary_part.added"),
    ...inSummary,
    part: summaryPart,
  }),
  z.object({
    type: z.literal("response.reasoning_summary_part.done"),
    ...inSummary,
    part: summaryPart,
  }),
  z.object({
    type: z.literal("response.reasoning_summary_text.delta"),
    ...inSummary,
    delta: z.string(),
  }),
  z.object({ type: z.literal("response.reasoning_summary_text.done"), ...inSummary, text: z.string() }),
  z.object({
    type: z.literal("response.function_call_arguments.delta"),
    ...inItem,
    delta: z.string(),
  }),
  z.object({
    type: z.literal("response.function_call_arguments.done"),
    ...inItem,
    name: z.string(),
    arguments: z.string(),
  }),
  z.object({ type: z.literal("error"), ...sequence, error }),
]);
export type OpenResponseEvent = z.infer<typeof openResponseEvent>;
