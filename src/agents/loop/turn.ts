import type { EventBatch, FinishReason, GenerationEvent, ToolCall, Usage } from "../../core/generation.ts";
import type { AgentEvent } from "../kit/agent.ts";
import { createCallId, isOwnCallId } from "./call-ids.ts";
import { tooLong } from "./failures.ts";

export interface TurnOptions {
  /** Id of the agent, for what is said of a failure. */
  agent: string;
  /** Names of the client's tools. */
  client: ReadonlySet<string>;
  /**
   * Of calls so far; those of the answer join them. A call whose id is taken gets another, and every call that the
   * client sees gets one of ours.
   */
  callIds: Set<string>;
  /** Written in front of the first text, to keep it apart from that of an earlier turn. */
  separator: string;
  /** Text is not given out: only the end tells whether it is the answer. */
  isHeld: boolean;
}

/** UTF-16 units of one answer. */
const maxCharacters = 33_554_432;

/** What a model answers to one question, while it does. */
export class Turn {
  text = "";
  reasoning = "";
  refusal = "";
  /** Of the client's tools, and of all others, each in the order in which the model made them. */
  readonly calls: { client: ToolCall[]; server: ToolCall[] } = { client: [], server: [] };
  finish: FinishReason = "stop";
  usage: Usage | undefined;
  readonly #options: TurnOptions;
  readonly #open = new Map<number, { call: ToolCall; isClient: boolean }>();
  #characters = 0;

  constructor(options: TurnOptions) {
    this.#options = options;
  }

  /** What can be given out of `batch`: text, reasoning, and calls of the client's tools. May be empty. */
  read(batch: EventBatch): readonly AgentEvent[] {
    const events: AgentEvent[] = [];
    for (const event of batch) {
      const piece = this.#read(event);
      if (piece !== undefined) events.push(piece);
    }
    return events;
  }

  #read(event: GenerationEvent): AgentEvent | undefined {
    switch (event.type) {
      case "text-delta":
        return event.text === "" ? undefined : this.#readText(event.text);
      case "reasoning-delta":
        this.#count(event.text);
        this.reasoning += event.text;
        return event.text === "" ? undefined : { type: "reasoning", text: event.text };
      case "refusal-delta":
        this.#count(event.text);
        this.refusal += event.text;
        return { type: "refusal", text: event.text };
      case "tool-call-start":
        return this.#startCall(event);
      case "tool-call-delta":
        return this.#readArguments(event);
      case "finish":
        this.finish = event.reason;
        return undefined;
      case "usage":
        this.usage = event.usage;
        return undefined;
      case "metadata":
        // What the model or the agent below did; the agent above says what it did itself.
        return undefined;
    }
  }

  #readText(text: string): AgentEvent | undefined {
    this.#count(text);
    const shown = this.text === "" ? this.#options.separator + text : text;
    this.text += text;
    return this.#options.isHeld ? undefined : { type: "text", text: shown };
  }

  #startCall(event: Extract<GenerationEvent, { type: "tool-call-start" }>): AgentEvent | undefined {
    const { index, name, kind } = event;
    const { client, callIds } = this.#options;
    this.#count(name);
    const isClient = client.has(name);
    const isFree = event.id !== "" && !callIds.has(event.id);
    const id = isFree && (!isClient || isOwnCallId(event.id)) ? event.id : createCallId();
    callIds.add(id);
    const call = { id, kind, name, arguments: "" };
    (isClient ? this.calls.client : this.calls.server).push(call);
    this.#open.set(index, { call, isClient });
    return isClient ? { type: "tool-call-start", id, name, kind } : undefined;
  }

  #readArguments({
    index,
    arguments: written,
  }: Extract<GenerationEvent, { type: "tool-call-delta" }>): AgentEvent | undefined {
    this.#count(written);
    const open = this.#open.get(index);
    if (open === undefined) return undefined;
    open.call.arguments += written;
    return open.isClient ? { type: "tool-call-delta", arguments: written } : undefined;
  }

  #count(text: string): void {
    this.#characters += text.length + 1;
    if (this.#characters > maxCharacters) throw tooLong(this.#options.agent, maxCharacters);
  }
}
