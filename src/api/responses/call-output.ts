import type { Block } from "../../core/blocks.ts";
import { GrowingText } from "../../core/growing-text.ts";
import type { Item } from "../common/items/kinds.ts";
import type { ToolName } from "./decode-tools.ts";
import type { DeltaTemplate, EventWriter } from "./event-writer.ts";
import type { BlockDelta, ItemStatus, OutputItem, OutputPlace } from "./output-item.ts";

export type CallBlock = Extract<Block, { kind: "tool-call" }>;

/** What the two kinds of calls and their events are called. */
const kinds = {
  function: {
    type: "function_call",
    field: "arguments",
    delta: "response.function_call_arguments.delta",
    done: "response.function_call_arguments.done",
  },
  custom: {
    type: "custom_tool_call",
    field: "input",
    delta: "response.custom_tool_call_input.delta",
    done: "response.custom_tool_call_input.done",
  },
} as const satisfies Record<CallBlock["callKind"], object>;

/** The item type of a call. */
export function callType({ callKind }: CallBlock): string {
  return kinds[callKind].type;
}

/** The call of a tool. */
export class CallOutput implements OutputItem {
  readonly #place: OutputPlace;
  readonly #events: EventWriter;
  readonly #call: CallBlock;
  readonly #name: ToolName;
  readonly #text = new GrowingText();
  readonly #template: DeltaTemplate;
  #hasText = false;

  /** `name` is how the client knows the tool. */
  constructor(place: OutputPlace, writer: EventWriter, { call, name }: { call: CallBlock; name: ToolName }) {
    this.#place = place;
    this.#events = writer;
    this.#call = call;
    this.#name = name;
    this.#template = writer.template(kinds[call.callKind].delta, this.#at);
  }

  start(): string {
    return this.#events.event("response.output_item.added", {
      output_index: this.#place.index,
      item: this.toItem("in_progress"),
    });
  }

  delta({ text }: BlockDelta): string {
    this.#text.add(text);
    this.#hasText = true;
    return this.#events.delta(this.#template, text);
  }

  end(status: ItemStatus): string {
    const { field, done } = kinds[this.#call.callKind];
    return (
      this.#withArguments() +
      this.#events.event(done, {
        ...this.#at,
        [field]: String(this.#text),
        ...(field === "arguments" && { name: this.#name.name }),
      }) +
      this.#events.event("response.output_item.done", {
        output_index: this.#place.index,
        item: this.toItem(status),
      })
    );
  }

  toItem(status: ItemStatus): Item {
    const { type, field } = kinds[this.#call.callKind];
    return {
      id: this.#place.id,
      type,
      status,
      call_id: this.#call.id,
      ...this.#name,
      [field]: String(this.#text),
    };
  }

  /** A function called with nothing still ends as `{}`: clients parse what they put together. */
  #withArguments(): string {
    if (this.#hasText || this.#call.callKind === "custom") return "";
    this.#text.add("{}");
    return this.#events.delta(this.#template, "{}");
  }

  get #at() {
    return { item_id: this.#place.id, output_index: this.#place.index };
  }
}
