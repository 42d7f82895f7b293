const id = "resp_67c9fdcecf488190bdd9a0409de3a1ec07b8b0ad4e5eb654";
const messageId = "msg_67c9fdcf37fc8190ba82116e33fb28c507b8b0ad4e5eb654";
const text = "**This is the demo model of oai-serve, not a real model.**";

const begun = {
  id,
  object: "response",
  created_at: 1763600000,
  completed_at: null,
  status: "in_progress",
  background: false,
  error: null,
  incomplete_details: null,
  instructions: null,
  max_output_tokens: null,
  max_tool_calls: null,
  model: "demo",
  output: [],
  parallel_tool_calls: true,
  previous_response_id: null,
  prompt_cache_key: null,
  reasoning: { effort: null, summary: null },
  safety_identifier: null,
  service_tier: "default",
  store: true,
  temperature: 1,
  text: { format: { type: "text" }, verbosity: "medium" },
  tool_choice: "auto",
  tools: [],
  top_logprobs: 0,
  top_p: 1,
  presence_penalty: 0,
  frequency_penalty: 0,
  truncation: "disabled",
  user: null,
  metadata: {},
  usage: null,
};

const part = { type: "output_text", text, annotations: [], logprobs: [] };
const message = { id: messageId, type: "message", status: "completed", role: "assistant", content: [part] };
const response = {
  ...begun,
  completed_at: 1763600001,
  status: "completed",
  output: [message],
  usage: {
    input_tokens: 13,
    input_tokens_details: { cached_tokens: 0, cache_write_tokens: 0 },
    output_tokens: 15,
    output_tokens_details: { reasoning_tokens: 0 },
    total_tokens: 28,
  },
};

const userMessage = {
  id: "msg_67c9fdcf37fc8190ba82116e33fb28c507b8b0ad4e5eb655",
  type: "message",
  role: "user",
  status: "completed",
  content: [{ type: "input_text", text: "Hello, how are you?" }],
};
const at = { item_id: messageId, output_index: 0, content_index: 0 };
const stream = [
  { type: "response.created", response: begun },
  { type: "response.in_progress", response: begun },
  {
    type: "response.output_item.added",
    output_index: 0,
    item: { ...message, status: "in_progress", content: [] },
  },
  { type: "response.content_part.added", ...at, part: { ...part, text: "" } },
  { type: "response.output_text.delta", ...at, delta: text, logprobs: [] },
  { type: "response.output_text.done", ...at, text, logprobs: [] },
  { type: "response.content_part.done", ...at, part },
  { type: "response.output_item.done", output_index: 0, item: message },
  { type: "response.completed", response },
]
  .map(
    ({ type, ...fields }, sequence) =>
      `event: ${type}\ndata: ${JSON.stringify({ type, sequence_number: sequence, ...fields })}\n\n`,
  )
  .join("");

/** Real exchanges with the demo model, for the documentation. */
export const responseExamples = {
  requests: {
    simple: { summary: "One question", value: { model: "demo", input: "Hello, how are you?" } },
    chained: {
      summary: "Going on from a stored response",
      value: { model: "demo", previous_response_id: id, input: "And what else can you do?" },
    },
    items: {
      summary: "Items, streamed",
      value: {
        model: "demo",
        instructions: "You are a helpful assistant.",
        input: [{ role: "user", content: [{ type: "input_text", text: "Write a haiku about rivers." }] }],
        stream: true,
      },
    },
    tools: {
      summary: "A tool the model may call",
      value: {
        model: "demo",
        input: "What is the weather in Paris?",
        tools: [
          {
            type: "function",
            name: "get_weather",
            description: "Current weather of a city.",
            parameters: {
              type: "object",
              properties: { city: { type: "string" } },
              required: ["city"],
              additionalProperties: false,
            },
          },
        ],
      },
    },
    background: {
      summary: "In the background: poll it, or read its stream",
      value: { model: "demo", input: "Write a long story.", background: true },
    },
  },
  /** Of routes that take a prompt and no more. */
  prompts: { simple: { summary: "One question", value: { model: "demo", input: "Hello, how are you?" } } },
  compacted: {
    id,
    object: "response.compaction",
    created_at: 1763600000,
    output: [
      userMessage,
      {
        id: "cmp_67c9fdcf37fc8190ba82116e33fb28c507b8b0ad4e5eb654",
        type: "compaction",
        encrypted_content: "eyJzdW1tYXJ5IjoiVGhleSBncmVldGVkIGVhY2ggb3RoZXIuIn0=",
      },
    ],
    usage: response.usage,
  },
  items: {
    object: "list",
    data: [userMessage],
    first_id: userMessage.id,
    last_id: userMessage.id,
    has_more: false,
  },
  response,
  stream: `${stream}data: [DONE]\n\n`,
};
