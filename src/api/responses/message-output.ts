import type { TokenLogprob } from "../../core/generation.ts";
import { GrowingText } from "../../core/growing-text.ts";
import type { Item } from "../common/items/kinds.ts";
import { encodeTokenLogprobs } from "../common/header.ts";
import type { DeltaTemplate, EventWriter } from "./event-writer.ts";
import type { BlockDelta, ItemStatus, OutputItem, OutputPlace } from "./output-item.ts";

type PartKind = "text" | "refusal";

/** What the events of the two kinds of parts are called. */
const events = {
  text: { delta: "response.output_text.delta", done: "response.output_text.done" },
  refusal: { delta: "response.refusal.delta", done: "response.refusal.done" },
} as const satisfies Record<PartKind, object>;

interface Part {
  kind: PartKind;
  text: GrowingText;
  logprobs: TokenLogprob[];
  template: DeltaTemplate;
}

/** A message: texts and refusals, each of them one part of it. */
export class MessageOutput implements OutputItem {
  readonly #place: OutputPlace;
  readonly #events: EventWriter;
  readonly #hasLogprobs: boolean;
  readonly #parts: Part[] = [];
  #isPartOpen = false;

  constructor(place: OutputPlace, writer: EventWriter, hasLogprobs: boolean) {
    this.#place = place;
    this.#events = writer;
    this.#hasLogprobs = hasLogprobs;
  }

  start(): string {
    return this.#events.event("response.output_item.added", {
      output_index: this.#place.index,
      item: this.toItem("in_progress"),
    });
  }

  startPart(kind: PartKind): string {
    const at = this.#at(this.#parts.length);
    const text = new GrowingText();
    const part = { kind, text, logprobs: [], template: this.#events.template(events[kind].delta, at) };
    this.#parts.push(part);
    this.#isPartOpen = true;
    return this.#events.event("response.content_part.added", { ...at, part: encodePart(part) });
  }

  delta({ text, logprobs }: BlockDelta): string {
    const part = this.#parts.at(-1);
    if (part === undefined) return "";
    part.text.add(text);
    if (part.kind === "refusal") return this.#events.delta(part.template, text);
    if (!this.#hasLogprobs || logprobs === undefined) {
      return this.#events.delta(part.template, text, ',"logprobs":[]');
    }
    part.logprobs.push(...logprobs);
    return this.#events.delta(
      part.template,
      text,
      `,"logprobs":${JSON.stringify(encodeTokenLogprobs(logprobs))}`,
    );
  }

  endPart(): string {
    const part = this.#parts.at(-1);
    if (part === undefined || !this.#isPartOpen) return "";
    this.#isPartOpen = false;
    const at = this.#at(this.#parts.length - 1);
    const encoded = encodePart(part);
    const whole =
      encoded.type === "refusal"
        ? { refusal: encoded.refusal }
        : { text: encoded.text, logprobs: encoded.logprobs };
    return (
      this.#events.event(events[part.kind].done, { ...at, ...whole }) +
      this.#events.event("response.content_part.done", { ...at, part: encoded })
    );
  }

  end(status: ItemStatus): string {
    return (
      this.endPart() +
      this.#events.event("response.output_item.done", {
        output_index: this.#place.index,
        item: this.toItem(status),
      })
    );
  }

  toItem(status: ItemStatus): Item {
    return {
      id: this.#place.id,
      type: "message",
      status,
      role: "assistant",
      content: this.#parts.map(encodePart),
    };
  }

  #at(contentIndex: number) {
    const { id, index } = this.#place;
    return { item_id: id, output_index: index, content_index: contentIndex };
  }
}

function encodePart({ kind, text, logprobs }: Part) {
  if (kind === "refusal") return { type: "refusal" as const, refusal: String(text) };
  return {
    type: "output_text" as const,
    text: String(text),
    annotations: [],
    logprobs: encodeTokenLogprobs(logprobs),
  };
}
