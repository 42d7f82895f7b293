import type { EventBatch, GenerationEvent } from "../../core/generation.ts";
import { type AnswerHeader, encodeLogprobs, encodeUsage } from "../common/header.ts";
import { type FrameEncoder, toFrames } from "../common/frames.ts";
import { jsonObject, jsonText } from "../common/json-text.ts";
import { type EncodeOptions, finishWord } from "./encode.ts";

export interface EncodeStreamOptions extends EncodeOptions {
  choices: number;
  includeUsage: boolean;
  /** The first event is late: send the roles at once, so that the client and its proxies see a sign of life. */
  headStart: boolean;
}

/** The answer as `chat.completion.chunk` frames. */
export function encodeStream(
  batches: AsyncIterable<EventBatch>,
  header: AnswerHeader,
  options: EncodeStreamOptions,
): AsyncGenerator<string> {
  const encoder = new ChunkEncoder(header, options);
  return toFrames(batches, encoder, options.headStart ? encoder.roles() : "");
}

type ToolStart = Extract<GenerationEvent, { type: "tool-call-start" }>;

class ChunkEncoder implements FrameEncoder {
  readonly #options: EncodeStreamOptions;
  /** A chunk is `#before` + index + delta + `#after`: only what changes is written for each token. */
  readonly #before: string;
  readonly #after: string;
  /** At the end of a chunk: `null` where usage was asked for, which has a chunk of its own. */
  readonly #usageField: string;
  readonly #conversation: string;
  readonly #begun: boolean[];
  /** What agents told of their work so far. */
  #metadata: Readonly<Record<string, unknown>> | undefined;
  /** Of each choice, the call that is open, and whether arguments came for it. */
  readonly #openCalls = new Map<number, { call: ToolStart; hasArguments: boolean }>();

  constructor(header: AnswerHeader, options: EncodeStreamOptions) {
    this.#options = options;
    this.#begun = Array.from({ length: options.choices }, () => false);
    const { id, created, model } = header;
    const shared = JSON.stringify({
      id,
      object: "chat.completion.chunk",
      created,
      model,
      service_tier: "default",
      system_fingerprint: null,
    });
    this.#before = `data: ${shared.slice(0, -1)},"choices":[{"index":`;
    this.#usageField = options.includeUsage ? ',"usage":null' : "";
    this.#conversation =
      options.conversationId === undefined ? "" : `,"conversation_id":${jsonText(options.conversationId)}`;
    this.#after = `}]${this.#usageField}}\n\n`;
  }

  roles(): string {
    let frames = "";
    for (const [choice, hasBegun] of this.#begun.entries()) if (!hasBegun) frames += this.#role(choice, '""');
    return frames;
  }

  encode(batch: EventBatch): string {
    let frames = "";
    for (const event of batch) frames += this.#event(event);
    return frames;
  }

  #event(event: GenerationEvent): string {
    switch (event.type) {
      case "text-delta":
        return (
          this.#begin(event.choice, '""') +
          this.#chunk(
            event.choice,
            `{"content":${jsonText(event.text)}}`,
            event.logprobs === undefined || !this.#options.logprobs
              ? "null"
              : JSON.stringify(encodeLogprobs(event.logprobs)),
          )
        );
      case "reasoning-delta":
        return (
          this.#begin(event.choice, '""') +
          this.#chunk(event.choice, `{"reasoning_content":${jsonText(event.text)}}`)
        );
      case "refusal-delta":
        return (
          this.#begin(event.choice, '""') + this.#chunk(event.choice, `{"refusal":${jsonText(event.text)}}`)
        );
      case "tool-call-start":
        return this.#options.functions ? this.#openFunction(event) : this.#openTool(event);
      case "tool-call-delta":
        return this.#arguments(event.choice, event.arguments);
      case "finish":
        return this.#begin(event.choice, '""') + this.#finish(event);
      case "usage":
        return this.#usage(event);
      case "metadata":
        this.#metadata = { ...this.#metadata, ...event.fields };
        return "";
    }
  }

  #begin(choice: number, content: string): string {
    return this.#begun[choice] === true ? "" : this.#role(choice, content);
  }

  #role(choice: number, content: string): string {
    this.#begun[choice] = true;
    return this.#edge(
      choice,
      `{"role":"assistant","content":${content},"refusal":null},"logprobs":null,"finish_reason":null`,
      this.#conversation,
    );
  }

  /** The older form has one call, which comes with the role. */
  #openFunction(call: ToolStart): string {
    const role = this.#begun[call.choice] === true ? "" : '"role":"assistant","content":null,';
    this.#begun[call.choice] = true;
    this.#openCalls.set(call.choice, { call, hasArguments: false });
    return this.#chunk(
      call.choice,
      `{${role}"function_call":{"name":${JSON.stringify(call.name)},"arguments":""}}`,
    );
  }

  #openTool(call: ToolStart): string {
    const before = this.#begin(call.choice, "null") + this.#closeCall(call.choice);
    this.#openCalls.set(call.choice, { call, hasArguments: false });
    const name = JSON.stringify(call.name);
    const body =
      call.kind === "custom"
        ? `"type":"custom","custom":{"name":${name},"input":""}`
        : `"type":"function","function":{"name":${name},"arguments":""}`;
    return (
      before +
      this.#chunk(
        call.choice,
        `{"tool_calls":[{"index":${call.index},"id":${JSON.stringify(call.id)},${body}}]}`,
      )
    );
  }

  #arguments(choice: number, text: string): string {
    const open = this.#openCalls.get(choice);
    if (open === undefined || text === "") return "";
    open.hasArguments = true;
    const json = jsonText(text);
    if (this.#options.functions) return this.#chunk(choice, `{"function_call":{"arguments":${json}}}`);
    const body =
      open.call.kind === "custom" ? `"custom":{"input":${json}}` : `"function":{"arguments":${json}}`;
    return this.#chunk(choice, `{"tool_calls":[{"index":${open.call.index},${body}}]}`);
  }

  /** A function called with nothing still ends as `{}`: clients parse what they put together. */
  #closeCall(choice: number): string {
    const open = this.#openCalls.get(choice);
    const frames =
      open !== undefined && !open.hasArguments && open.call.kind === "function"
        ? this.#arguments(choice, "{}")
        : "";
    this.#openCalls.delete(choice);
    return frames;
  }

  #finish(event: Extract<GenerationEvent, { type: "finish" }>): string {
    const reason = finishWord(event.reason, this.#options.functions);
    return (
      this.#closeCall(event.choice) +
      this.#edge(event.choice, `{},"logprobs":null,"finish_reason":"${reason}"`, this.#extensions())
    );
  }

  #usage(event: Extract<GenerationEvent, { type: "usage" }>): string {
    if (!this.#options.includeUsage) return "";
    const before = this.#before.slice(0, -'{"index":'.length);
    return `${before}]${this.#extensions()},"usage":${JSON.stringify(encodeUsage(event.usage))}}\n\n`;
  }

  /** On the last chunk of a choice, and on that of the usage, which is the very last. */
  #extensions(): string {
    if (this.#metadata === undefined) return this.#conversation;
    return `${this.#conversation},"metadata":${jsonObject(this.#metadata)}`;
  }

  #chunk(choice: number, delta: string, logprobs = "null"): string {
    return `${this.#before}${choice},"delta":${delta},"logprobs":${logprobs},"finish_reason":null${this.#after}`;
  }

  /** The first or the last chunk of a choice, which have more to tell. */
  #edge(choice: number, rest: string, extensions: string): string {
    return `${this.#before}${choice},"delta":${rest}}]${extensions}${this.#usageField}}\n\n`;
  }
}
