import { ServeError } from "../../core/error.ts";
import type { GenerationRequest, OutputFormat } from "../../core/generation.ts";
import { assertSchemas } from "../../json-schema/assert-schemas.ts";
import { threadUnsupported } from "../../http/protocols/anthropic.ts";
import { extraFields, given } from "../common/sampling.ts";
import { decodeMessages } from "./decode-messages.ts";
import { decodeTools } from "./decode-tools.ts";
import { type FieldNames, createFieldNames } from "./field-names.ts";
import { type CountTokensRequest, MessageRequest } from "./schema.ts";

export interface Decoded {
  request: GenerationRequest;
  /** How the client calls the fields of `request`. */
  names: FieldNames;
  /** What was given and has no effect on any backend, by the client's names. */
  ignored: string[];
  thinking: ThinkingDisplay;
}

/** Whether the client is shown what the model thinks; `omitted`: that it thinks. */
export type ThinkingDisplay = "shown" | "omitted" | "hidden";

/** Fields that only Anthropic's own service could do something with. */
const withoutEffect: ReadonlySet<string> = new Set([
  "betas",
  "billing_policy",
  "compaction",
  "container",
  "context_management",
  "diagnostics",
  "fallback_credit_token",
  "fallbacks",
  "inference_geo",
  "mcp_servers",
  "speed",
  "user_profile_id",
  "workspace_id",
]);
const readFields: ReadonlySet<string> = new Set([
  ...Object.keys(MessageRequest.properties),
  ...withoutEffect,
  "cache_control",
  "thread",
]);

/** A request in our words. Throws `invalid_request` for what the schema cannot say. */
export function decode(body: CountTokensRequest | MessageRequest): Decoded {
  if ("thread" in body && body.thread !== null) throw noThreads();
  const { messages, fields } = decodeMessages(body);
  const { leftOut, positions, ...tools } = decodeTools(body);
  return {
    request: {
      model: body.model ?? "",
      prompt: { kind: "messages", messages },
      sampling: decodeSampling(body),
      choices: 1,
      ...tools,
      output: decodeOutput(body),
      namesStop: true,
      ...decodeReasoning(body),
      stream: "stream" in body && body.stream === true,
      extra: extraFields(body, readFields),
    },
    names: createFieldNames({ messages: fields, tools: positions }),
    ignored: [...leftOut.map((type) => `tools.${type}`), ...ignoredFields(body)],
    thinking: decodeDisplay(body.thinking),
  };
}

/** Not to be passed over: only the new messages of a conversation come with it. */
function noThreads(): ServeError {
  return new ServeError(
    "invalid_request",
    "'thread' is not supported: nothing is kept between two requests. Send the whole conversation.",
    { code: threadUnsupported, param: "thread" },
  );
}

function ignoredFields(body: object): string[] {
  return Object.entries(body)
    .filter(([name, value]) => value !== null && withoutEffect.has(name))
    .map(([name]) => name);
}

function decodeSampling(body: CountTokensRequest | MessageRequest): GenerationRequest["sampling"] {
  if (!("max_tokens" in body)) return {};
  const stop = (body.stop_sequences ?? []).filter((text) => text !== "");
  return {
    maxTokens: body.max_tokens,
    ...given("temperature", body.temperature),
    ...given("topP", body.top_p),
    ...given("topK", body.top_k),
    ...(stop.length === 0 ? {} : { stop }),
  };
}

function decodeOutput({ output_config: config, output_format: older }: CountTokensRequest): OutputFormat {
  const param = older == null ? "output_config.format" : "output_format";
  const format = older ?? config?.format;
  if (format == null) return { kind: "text" };
  const { schema } = format;
  assertSchemas([{ schema, param: `${param}.schema`, isStrict: false, isChecked: true }]);
  return { kind: "json-schema", name: "answer", schema, strict: false };
}

function decodeReasoning({
  thinking,
  output_config: config,
}: CountTokensRequest): Pick<GenerationRequest, "reasoning"> {
  const effort =
    thinking?.type === "disabled"
      ? "none"
      : (config?.effort ?? (thinking?.type === "enabled" ? effortFor(thinking.budget_tokens) : undefined));
  // Clients say it to every model, whether or not it has efforts, or the same ones.
  return effort === undefined ? {} : { reasoning: { effort, isHint: true } };
}

function effortFor(budgetTokens: number): string {
  if (budgetTokens <= 4_096) return "low";
  return budgetTokens <= 16_384 ? "medium" : "high";
}

function decodeDisplay(thinking: CountTokensRequest["thinking"]): ThinkingDisplay {
  if (thinking?.type === "disabled") return "hidden";
  return thinking?.display === "omitted" ? "omitted" : "shown";
}
