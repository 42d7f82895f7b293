import { ServeError } from "../../core/error.ts";
import type { EventBatch, GenerationEvent, ToolCall } from "../../core/generation.ts";
import type { Demand } from "./demand.ts";
import type { HoldRoom } from "./hold-room.ts";

type Finish = Extract<GenerationEvent, { type: "finish" }>;

export interface HoldOptions {
  demand: Demand;
  /** For all choices of the request. */
  room: HoldRoom;
  /** There was an earlier attempt: its text is not to be repeated, and this one's is held back until that is known. */
  isRepair: boolean;
  /** Text of an earlier attempt has gone to the client. */
  hasGivenText: boolean;
}

/** What may be held of one answer, in bytes of memory as far as they can be told. */
const maxHeldBytes = 8 << 20;
const eventBytes = 64;

/**
 * One choice's answer, held back for as long as it could turn out not to be what was demanded: text until the end
 * if it has to have a format, a call is due or it is a repair, calls from the first on if the arguments of a tool are
 * checked.
 */
export class HeldAnswer {
  readonly #demand: Demand;
  readonly #room: HoldRoom;
  readonly #holdsText: boolean;
  readonly #hasGivenText: boolean;
  readonly #text: string[] = [];
  #events: GenerationEvent[] = [];
  #bytes = 0;
  /** By the backend's number. */
  readonly calls = new Map<number, ToolCall>();
  /** Nothing more is to be checked: what comes is passed on. */
  isSettled = false;
  /** Name of a tool that was called and should not have been. */
  wrongCall: string | undefined;
  finish: Finish | undefined;

  constructor({ demand, room, isRepair, hasGivenText }: HoldOptions) {
    this.#demand = demand;
    this.#room = room;
    this.#holdsText = isRepair || demand.format !== undefined || demand.calls !== undefined;
    this.#hasGivenText = hasGivenText;
  }

  get text(): string {
    return this.#text.join("");
  }

  /** What the client gets of `batch` now. Throws `upstream` when too much would be held. */
  take(batch: EventBatch): GenerationEvent[] {
    const out: GenerationEvent[] = [];
    for (const event of batch) {
      if (this.isSettled) out.push(event);
      else if (this.wrongCall === undefined) this.#take(event, out);
    }
    return out;
  }

  /** Everything that is held, with the finish, for the client; without the text before a call that it has already. */
  release(): GenerationEvent[] {
    const isRepeated = this.#hasGivenText && this.calls.size > 0;
    const events = isRepeated ? this.#events.filter(({ type }) => type !== "text-delta") : this.#events;
    this[Symbol.dispose]();
    return this.finish === undefined ? events : [...events, this.finish];
  }

  /** Drops what is held. */
  [Symbol.dispose](): void {
    this.#events = [];
    this.#room.give(this.#bytes);
    this.#bytes = 0;
  }

  #take(event: GenerationEvent, out: GenerationEvent[]): void {
    switch (event.type) {
      case "text-delta":
        if (this.#holdsText) {
          this.#text.push(event.text);
          this.#hold(event, event.text.length + 96 * (event.logprobs?.length ?? 0));
        } else {
          out.push(event);
        }
        break;
      case "tool-call-start":
        this.#start(event, out);
        break;
      case "tool-call-delta": {
        const call = this.calls.get(event.index);
        if (call !== undefined) call.arguments += event.arguments;
        // Twice: in the event, and put together.
        this.#hold(event, event.arguments.length * 2);
        break;
      }
      case "refusal-delta":
        this.#settle(out);
        out.push(event);
        break;
      case "finish":
        this.finish = event;
        break;
      case "reasoning-delta":
      case "metadata":
      case "usage":
        out.push(event);
        break;
    }
  }

  #start(event: Extract<GenerationEvent, { type: "tool-call-start" }>, out: GenerationEvent[]): void {
    if (this.#demand.calls?.has(event.name) === false) {
      this.wrongCall = event.name;
    } else if (this.#demand.strict.size === 0) {
      this.#settle(out);
      out.push(event);
    } else {
      const { id, kind, name } = event;
      this.calls.set(event.index, { id, kind, name, arguments: "" });
      this.#hold(event, event.name.length);
    }
  }

  #settle(out: GenerationEvent[]): void {
    this.isSettled = true;
    for (const held of this.release()) out.push(held);
  }

  #hold(event: GenerationEvent, bytes: number): void {
    const taken = bytes + eventBytes;
    if (this.#bytes + taken > maxHeldBytes || !this.#room.take(taken)) {
      throw new ServeError("upstream", "The answer is too long to be checked before it is given out.", {
        code: this.#demand.calls === undefined ? "response_format_not_met" : "tool_choice_not_met",
        shouldRetry: false,
      });
    }
    this.#bytes += taken;
    this.#events.push(event);
  }
}
