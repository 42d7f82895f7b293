import type { JsonRecord } from "../../../src/core/json.ts";

/** An answer in plain terms. */
export interface Reply {
  /** The text, or its pieces as the stream sends them. */
  text?: string | readonly string[];
  reasoning?: string;
  refusal?: string;
  toolCalls?: readonly { id?: string; name: string; arguments: unknown }[];
  /** `tool_calls` if there are any, else `stop`. */
  finish?: string;
  usage?: JsonRecord;
}

export interface ChunkAnswer {
  /** Objects become `data:` events; strings are sent as they are. May wait between two of them. */
  chunks: Iterable<unknown> | AsyncIterable<unknown>;
  headers?: Readonly<Record<string, string>>;
  /** False leaves `[DONE]` out. */
  done?: boolean;
  /** How it ends: properly, never, or with a cut connection. */
  ending?: "end" | "hang" | "drop";
}

const head = { id: "chatcmpl-upstream", created: 1_763_600_000 };

/** The reply as the body of `/chat/completions` or `/completions`. */
export function wholeReply(reply: Reply, body: JsonRecord): JsonRecord {
  const text = textsOf(reply).join("");
  const calls = toolCallsOf(reply);
  const finish_reason = finishOf(reply);
  const isLegacy = "prompt" in body;
  const choice = isLegacy
    ? { index: 0, text, logprobs: null, finish_reason }
    : {
        index: 0,
        message: {
          role: "assistant",
          content: calls.length > 0 && text === "" ? null : text,
          refusal: reply.refusal ?? null,
          ...(reply.reasoning === undefined ? {} : { reasoning_content: reply.reasoning }),
          ...(calls.length === 0 ? {} : { tool_calls: calls }),
        },
        logprobs: null,
        finish_reason,
      };
  const object = isLegacy ? "text_completion" : "chat.completion";
  return { ...head, object, model: body["model"], choices: [choice], usage: usageOf(reply) };
}

/** The reply as a stream, with usage if the request asks for it. */
export function replyChunks(reply: Reply, body: JsonRecord): ChunkAnswer {
  const isLegacy = "prompt" in body;
  const object = isLegacy ? "text_completion" : "chat.completion.chunk";
  const chunk = (rest: JsonRecord) => ({ ...head, object, model: body["model"], ...rest });
  const choice = (rest: JsonRecord) =>
    chunk({ choices: [{ index: 0, logprobs: null, finish_reason: null, ...rest }] });
  const delta = (fields: JsonRecord) => choice({ delta: fields });
  const texts = textsOf(reply);
  const deltas = isLegacy
    ? texts.map((text) => choice({ text }))
    : [
        delta({ role: "assistant", content: "" }),
        ...(reply.reasoning === undefined ? [] : [delta({ reasoning_content: reply.reasoning })]),
        ...texts.map((content) => delta({ content })),
        ...(reply.refusal === undefined ? [] : [delta({ refusal: reply.refusal })]),
        ...toolCallsOf(reply).flatMap(({ function: { arguments: json, name }, ...call }, index) => [
          delta({ tool_calls: [{ index, ...call, function: { name, arguments: "" } }] }),
          delta({ tool_calls: [{ index, function: { arguments: json } }] }),
        ]),
      ];
  const options = body["stream_options"];
  const wantsUsage =
    typeof options === "object" &&
    options !== null &&
    "include_usage" in options &&
    options.include_usage === true;
  return {
    chunks: [
      ...deltas,
      choice({ ...(isLegacy ? { text: "" } : { delta: {} }), finish_reason: finishOf(reply) }),
      ...(wantsUsage ? [chunk({ choices: [], usage: usageOf(reply) })] : []),
    ],
  };
}

function textsOf({ text = [] }: Reply): readonly string[] {
  return typeof text === "string" ? [text] : text;
}

function toolCallsOf({ toolCalls = [] }: Reply) {
  return toolCalls.map(({ id, name, arguments: json }, index) => ({
    id: id ?? `call_${index + 1}`,
    type: "function",
    function: { name, arguments: typeof json === "string" ? json : JSON.stringify(json) },
  }));
}

function finishOf({ finish, toolCalls = [] }: Reply): string {
  return finish ?? (toolCalls.length > 0 ? "tool_calls" : "stop");
}

function usageOf({ usage }: Reply): JsonRecord {
  return usage ?? { prompt_tokens: 9, completion_tokens: 3, total_tokens: 12 };
}
