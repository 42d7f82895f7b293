import { GrowingText } from "../../core/growing-text.ts";
import type { Item } from "../common/items/kinds.ts";
import type { DeltaTemplate, EventWriter } from "./event-writer.ts";
import type { BlockDelta, ItemStatus, OutputItem, OutputPlace } from "./output-item.ts";

/**
 * What a model thought, as the summary of a reasoning item: that is where clients look for what they may show. Its
 * `encrypted_content` is the same text in base64, for clients that keep it in place of the server.
 */
export class ReasoningOutput implements OutputItem {
  readonly #place: OutputPlace;
  readonly #events: EventWriter;
  readonly #isEncrypted: boolean;
  readonly #text = new GrowingText();
  readonly #at: Readonly<Record<string, unknown>>;
  readonly #template: DeltaTemplate;

  constructor(place: OutputPlace, writer: EventWriter, isEncrypted: boolean) {
    this.#place = place;
    this.#events = writer;
    this.#isEncrypted = isEncrypted;
    this.#at = { item_id: place.id, output_index: place.index, summary_index: 0 };
    this.#template = writer.template("response.reasoning_summary_text.delta", this.#at);
  }

  start(): string {
    const { id, index } = this.#place;
    const item = { id, type: "reasoning", status: "in_progress", summary: [] };
    return (
      this.#events.event("response.output_item.added", { output_index: index, item }) +
      this.#events.event("response.reasoning_summary_part.added", {
        ...this.#at,
        part: { type: "summary_text", text: "" },
      })
    );
  }

  delta({ text }: BlockDelta): string {
    this.#text.add(text);
    return text === "" ? "" : this.#events.delta(this.#template, text);
  }

  end(status: ItemStatus): string {
    const text = String(this.#text);
    return (
      this.#events.event("response.reasoning_summary_text.done", { ...this.#at, text }) +
      this.#events.event("response.reasoning_summary_part.done", {
        ...this.#at,
        part: { type: "summary_text", text },
      }) +
      this.#events.event("response.output_item.done", {
        output_index: this.#place.index,
        item: this.toItem(status),
      })
    );
  }

  toItem(status: ItemStatus): Item {
    const text = String(this.#text);
    return {
      id: this.#place.id,
      type: "reasoning",
      status,
      summary: [{ type: "summary_text", text }],
      ...(this.#isEncrypted && { encrypted_content: Buffer.from(text).toString("base64") }),
    };
  }
}
