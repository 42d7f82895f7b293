import { type Block, type BlockEvent, BlockReader } from "../../core/blocks.ts";
import type { ServeError } from "../../core/error.ts";
import type { EventBatch, Usage } from "../../core/generation.ts";
import { toAnthropicError } from "../../http/protocols/anthropic.ts";
import { jsonObject, jsonText } from "../common/json-text.ts";
import {
  encodeBlock,
  encodeCounts,
  encodeHeader,
  encodeStop,
  encodeUsage,
  type MessageHeader,
} from "./encode.ts";
import { unsigned } from "./show-thinking.ts";

/** The protocol's own sign of life. */
export const ping = frame("ping", '{"type":"ping"}');

export interface EncodeStreamOptions {
  requestId: string;
  /** Of the prompt, told at the start. */
  inputTokens: Promise<number>;
  /** A failure in the client's words. */
  reworded: (thrown: unknown) => ServeError;
}

/** The answer as frames. A failure is the last of them: the stream has begun, so there is no status left. */
export async function* encodeStream(
  batches: AsyncIterable<EventBatch>,
  header: MessageHeader,
  { requestId, inputTokens, reworded }: EncodeStreamOptions,
): AsyncGenerator<string> {
  const encoder = new MessageEncoder();
  try {
    yield encodeStart(header, await inputTokens) + ping;
    for await (const batch of batches) {
      const frames = encoder.encode(batch);
      if (frames !== "") yield frames;
    }
    yield encoder.end();
  } catch (error) {
    yield frame("error", jsonObject({ ...toAnthropicError(reworded(error), requestId) }));
  }
}

function encodeStart(header: MessageHeader, inputTokens: number): string {
  const message = {
    ...encodeHeader(header),
    content: [],
    stop_reason: null,
    stop_sequence: null,
    stop_details: null,
    usage: encodeUsage({ promptTokens: inputTokens, completionTokens: 0 }),
  };
  return frame("message_start", jsonObject({ type: "message_start", message }));
}

type EventOf<Type extends BlockEvent["type"]> = Extract<BlockEvent, { type: Type }>;

class MessageEncoder {
  readonly #reader = new BlockReader();
  #isRefused = false;
  /** Of the thoughts in the open block. */
  #signature: string | undefined;
  /** The open block has said something. */
  #hasText = false;
  #finish: EventOf<"finish"> = { type: "finish", reason: "stop" };
  #usage: Usage = { promptTokens: 0, completionTokens: 0 };

  encode(batch: EventBatch): string {
    let frames = "";
    for (const event of batch) for (const read of this.#reader.read(event)) frames += this.#event(read);
    return frames;
  }

  /** The frames that tell how the answer ended and what it cost. */
  end(): string {
    const delta = { container: null, ...encodeStop(this.#finish, this.#isRefused) };
    const last = { type: "message_delta", delta, usage: encodeCounts(this.#usage) };
    return frame("message_delta", jsonObject(last)) + frame("message_stop", '{"type":"message_stop"}');
  }

  #event(event: BlockEvent): string {
    switch (event.type) {
      case "block-start":
        return this.#start(event);
      case "block-delta":
        return this.#delta(event);
      case "block-end":
        return this.#stop(event);
      case "finish":
        this.#finish = event;
        return "";
      case "usage":
        this.#usage = event.usage;
        return "";
      case "metadata":
        return "";
    }
  }

  #start({ index, block }: EventOf<"block-start">): string {
    this.#isRefused ||= block.kind === "refusal";
    this.#signature = undefined;
    this.#hasText = false;
    const start = { type: "content_block_start", index, content_block: encodeBlock(block) };
    return frame("content_block_start", jsonObject(start));
  }

  #delta({ index, block, text, signature }: EventOf<"block-delta">): string {
    this.#signature = signature ?? this.#signature;
    return text === "" ? "" : this.#text(index, block, text);
  }

  #text(index: number, block: Block, text: string): string {
    this.#hasText = true;
    const [type, field] = deltaForms[block.kind];
    return deltaFrame(index, `{"type":"${type}","${field}":${jsonText(text)}}`);
  }

  /** What a block is not complete without: some clients parse the arguments that they put together, whatever they are. */
  #rest({ index, block }: EventOf<"block-end">): string {
    if (block.kind === "tool-call" && !this.#hasText) return this.#text(index, block, "{}");
    if (block.kind !== "reasoning") return "";
    return deltaFrame(
      index,
      `{"type":"signature_delta","signature":${jsonText(this.#signature ?? unsigned)}}`,
    );
  }

  #stop(event: EventOf<"block-end">): string {
    const { index } = event;
    return this.#rest(event) + frame("content_block_stop", `{"type":"content_block_stop","index":${index}}`);
  }
}

const deltaForms = {
  text: ["text_delta", "text"],
  refusal: ["text_delta", "text"],
  reasoning: ["thinking_delta", "thinking"],
  "tool-call": ["input_json_delta", "partial_json"],
} as const;

function deltaFrame(index: number, delta: string): string {
  return frame("content_block_delta", `{"type":"content_block_delta","index":${index},"delta":${delta}}`);
}

function frame(event: string, json: string): string {
  return `event: ${event}\ndata: ${json}\n\n`;
}
