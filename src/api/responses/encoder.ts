import { AnswerSize } from "../../core/answer-size.ts";
import { type Block, type BlockEvent, BlockReader } from "../../core/blocks.ts";
import type { EventBatch, FinishReason, Usage } from "../../core/generation.ts";
import type { ErrorBody } from "../../http/errors.ts";
import type { FrameEncoder } from "../common/frames.ts";
import { outputItemId } from "../common/items/item-id.ts";
import { CallOutput, callType } from "./call-output.ts";
import type { ToolName } from "./decode-tools.ts";
import { EventWriter } from "./event-writer.ts";
import { MessageOutput } from "./message-output.ts";
import type { ItemStatus, OutputItem, OutputPlace } from "./output-item.ts";
import { ReasoningOutput } from "./reasoning-output.ts";
import { encodeUsage, type ResponseObject } from "./response.ts";

export interface EncodeOptions {
  logprobs: boolean;
  /** Whether reasoning has its `encrypted_content`. */
  encrypted: boolean;
  /** How the client knows the tools, by the name that the model knows. */
  names: ReadonlyMap<string, ToolName>;
  /** Frames of events up to this number are not wanted; `Infinity` for those of none. */
  after?: number;
}

/** How a response ended. */
export type Ending = { kind: "finished" } | { kind: "cancelled" } | { kind: "failed"; error: ErrorBody };

/**
 * An answer as a response, and as the events of its stream. Both come from the same state: who wants the response only
 * passes the frames over.
 */
export class ResponseEncoder implements FrameEncoder {
  readonly #begun: ResponseObject;
  readonly #options: EncodeOptions;
  readonly #events: EventWriter;
  readonly #blocks = new BlockReader();
  readonly #size = new AnswerSize();
  readonly #items: { output: OutputItem; status: ItemStatus }[] = [];
  /** The last of the items, until it has ended. */
  #open: OutputItem | undefined;
  #finish: FinishReason | undefined;
  #usage: Usage | undefined;
  #metadata: Readonly<Record<string, unknown>> | undefined;

  /** `begun` is the response as it began. */
  constructor(begun: ResponseObject, options: EncodeOptions) {
    this.#begun = begun;
    this.#options = options;
    this.#events = new EventWriter(options.after);
  }

  /** Number of the last event that is known to who reads the frames. */
  get written(): number {
    return this.#events.written;
  }

  /** The first events, which come before anything is known of the answer. */
  opening(): string {
    const response = this.#begun;
    const running = { ...response, status: "in_progress" };
    return (
      this.#events.event("response.created", { response }) +
      (response.background ? this.#events.event("response.queued", { response }) : "") +
      this.#events.event("response.in_progress", { response: running })
    );
  }

  /** Throws as an `AnswerSize` does. */
  encode(batch: EventBatch): string {
    let frames = "";
    for (const event of batch) {
      this.#size.add(event);
      const events = this.#blocks.read(event);
      const last = events.at(-1);
      // What ends together with the answer was cut off where the answer was.
      const status = last?.type === "finish" ? statusAt(last.reason) : "completed";
      for (const each of events) frames += this.#event(each, status);
    }
    return frames;
  }

  /** The last events. `response` is what `response()` gave, and was perhaps stored. */
  ending(response: ResponseObject, ending: Ending): string {
    const { error, type } = lastWords(response, ending);
    return (error === undefined ? "" : this.failure(error)) + this.#events.event(type, { response });
  }

  /** An event that tells of a failure alone, which need not be the end of the response. */
  failure(error: ErrorBody): string {
    return this.#events.event("error", errorEvent(error));
  }

  /** The response as it is by now, ended in that way. */
  response(ending: Ending, completedAt: number): ResponseObject {
    const status = this.#statusOf(ending);
    return {
      ...this.#begun,
      completed_at: status === "completed" ? completedAt : null,
      status,
      error: ending.kind === "failed" ? responseError(ending.error) : null,
      incomplete_details: status === "incomplete" ? { reason: this.#reason() } : null,
      output: this.output(),
      usage: this.#usage === undefined ? null : encodeUsage(this.#usage),
      ...(this.#metadata !== undefined && { agent_metadata: this.#metadata }),
    };
  }

  /** The items as they are by now. */
  output(): ResponseObject["output"] {
    return this.#items.map(({ output, status }) => output.toItem(status));
  }

  #event(event: BlockEvent, status: ItemStatus): string {
    switch (event.type) {
      case "block-start":
        return this.#start(event.block);
      case "block-delta":
        return this.#open?.delta(event) ?? "";
      case "block-end":
        // A message goes on while only its parts change.
        return this.#open instanceof MessageOutput ? this.#open.endPart() : this.#close(status);
      case "finish":
        this.#finish = event.reason;
        return this.#finishWith(status);
      case "usage":
        this.#usage = event.usage;
        return "";
      case "metadata":
        this.#metadata = { ...this.#metadata, ...event.fields };
        return "";
    }
  }

  #start(block: Block): string {
    if (block.kind === "text" || block.kind === "refusal") return this.#startPart(block.kind);
    const before = this.#close("completed");
    if (block.kind === "reasoning") {
      const place = this.#place("reasoning");
      return before + this.#add(new ReasoningOutput(place, this.#events, this.#options.encrypted));
    }
    const place = this.#place(callType(block));
    const name = this.#options.names.get(block.name) ?? { name: block.name };
    return before + this.#add(new CallOutput(place, this.#events, { call: block, name }));
  }

  #startPart(kind: "text" | "refusal"): string {
    if (this.#open instanceof MessageOutput) return this.#open.startPart(kind);
    const before = this.#close("completed");
    const message = new MessageOutput(this.#place("message"), this.#events, this.#options.logprobs);
    return before + this.#add(message) + message.startPart(kind);
  }

  /** An answer that says nothing is a message all the same, which clients look for. */
  #finishWith(status: ItemStatus): string {
    const nothing = this.#items.length === 0 ? this.#startPart("text") : "";
    return nothing + this.#close(status);
  }

  #add(output: OutputItem): string {
    this.#open = output;
    this.#items.push({ output, status: "incomplete" });
    return output.start();
  }

  #close(status: ItemStatus): string {
    const last = this.#items.at(-1);
    if (this.#open === undefined || last === undefined) return "";
    last.status = status;
    this.#open = undefined;
    return last.output.end(status);
  }

  #place(type: string): OutputPlace {
    const index = this.#items.length;
    return { id: outputItemId(type, this.#begun.id, index), index };
  }

  #statusOf({ kind }: Ending): ResponseObject["status"] {
    if (kind !== "finished") return kind;
    return this.#reason() === undefined ? "completed" : "incomplete";
  }

  #reason(): string | undefined {
    return this.#finish === undefined ? undefined : incompleteReasons[this.#finish];
  }
}

const incompleteReasons: Readonly<Partial<Record<FinishReason, string>>> = {
  length: "max_output_tokens",
  "content-filter": "content_filter",
};

function statusAt(reason: FinishReason): ItemStatus {
  return incompleteReasons[reason] === undefined ? "completed" : "incomplete";
}

/** There is no event for a cancelled response; it is one that was not completed. */
function lastWords({ status }: ResponseObject, ending: Ending): { type: string; error?: ErrorBody } {
  if (ending.kind === "failed") return { type: "response.failed", error: ending.error };
  return { type: status === "completed" ? "response.completed" : "response.incomplete" };
}

/** Codes of ours that clients know on a response; the others are the server's. */
const knownCodes: ReadonlySet<string> = new Set([
  "context_length_exceeded",
  "insufficient_quota",
  "invalid_prompt",
  "rate_limit_exceeded",
  "server_is_overloaded",
]);

function responseError({ code, message }: ErrorBody) {
  return { code: code !== null && knownCodes.has(code) ? code : "server_error", message };
}

/** Flat and nested at once: some clients read the one, some the other. */
function errorEvent({ type, message, param, code: given }: ErrorBody) {
  const code = given ?? "server_error";
  return { code, message, param, error: { type, code, message, param } };
}
