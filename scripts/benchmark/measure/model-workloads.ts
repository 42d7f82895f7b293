import type { Workload } from "../load/exchange.ts";
import type { ModelSettings } from "../subjects/gateway.ts";

/** A ChatML template as models bring one with them, in Jinja. */
const jinjaTemplate = [
  "{%- if messages[0].role == 'system' %}{{- '<|im_start|>system\\n' + messages[0].content + '<|im_end|>\\n' }}{%- endif %}",
  "{%- for message in messages %}",
  "{%- if not (loop.first and message.role == 'system') %}",
  "{{- '<|im_start|>' + message.role + '\\n' + message.content + '<|im_end|>\\n' }}",
  "{%- endif %}{%- endfor %}",
  "{%- if add_generation_prompt %}{{- '<|im_start|>assistant\\n' }}{%- endif %}",
].join("\n");

/** Models of one server: text only, with all that is looked for in a text, and with a template in Jinja. */
export const servedModels = {
  text: { dialect: "vllm", template: "chatml" },
  thinker: { dialect: "vllm", template: "qwen" },
  jinja: { dialect: "vllm", template: { inline: jinjaTemplate } },
} as const satisfies Readonly<Record<string, ModelSettings>>;

const streamed = { stream: true, rpc: "stream", tokens: 128, paceMs: 0, concurrency: 64 } as const;

/** What reading reasoning and tool calls out of a text costs. */
export const parsing = {
  text: { ...streamed, name: "stream: text", question: { model: "text" } },
  seenThrough: {
    ...streamed,
    name: "stream: text, with a tool on offer",
    question: { model: "thinker", tools: "one" },
  },
  call: {
    ...streamed,
    name: "stream: reasoning, text and a tool call",
    kind: "call",
    question: { model: "thinker", tools: "one" },
  },
  /** Long, so that the tokens can be told from the request. */
  manyTools: {
    ...streamed,
    name: "long stream: the same, 200 KB of tools",
    kind: "call",
    tokens: 512,
    question: { model: "thinker", tools: "many" },
  },
  shortCall: {
    ...streamed,
    name: "short stream: reasoning, text and a tool call",
    kind: "call",
    tokens: 16,
    question: { model: "thinker", tools: "one" },
  },
  shortManyTools: {
    ...streamed,
    name: "short stream: the same, 200 KB of tools",
    kind: "call",
    tokens: 16,
    question: { model: "thinker", tools: "many" },
  },
} as const satisfies Readonly<Record<string, Workload>>;

const asked = { stream: true, rpc: "stream", tokens: 1, paceMs: 0, concurrency: 1 } as const;
const historyTokens = 8_000;

/** What it costs to write a long conversation as a prompt. */
export const rendering = {
  short: { ...asked, name: "prompt: short, built-in template", question: { model: "text" } },
  long: {
    ...asked,
    name: "prompt: 8,000 tokens, built-in template",
    question: { model: "text", historyTokens },
  },
  shortJinja: { ...asked, name: "prompt: short, Jinja template", question: { model: "jinja" } },
  longJinja: {
    ...asked,
    name: "prompt: 8,000 tokens, Jinja template",
    question: { model: "jinja", historyTokens },
  },
} as const satisfies Readonly<Record<string, Workload>>;

export const modelWorkloads: readonly Workload[] = [...Object.values(parsing), ...Object.values(rendering)];
