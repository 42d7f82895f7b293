import type { GenerationEvent } from "../../core/generation.ts";
import { createId } from "../../core/ids.ts";
import { MalformedAnswer } from "./malformed.ts";
import { ObjectText } from "./object-text.ts";
import type { ToolCallDelta } from "./tool-call-delta.ts";

interface HeldCall {
  /** The server's. */
  index: number | undefined;
  givenId: string | undefined;
  id: string;
  name: string;
  kind: ToolCallDelta["kind"];
  arguments: ObjectText;
  /** What of them was not given out yet. */
  unsent: string;
  isStarted: boolean;
}

/** Calls in one choice, and characters of their arguments. */
const maxCalls = 512;
const maxArguments = 16_777_216;

/**
 * The tool calls of one choice, one after the other and each under an index and an id of its own, however the server
 * numbers and mixes them. A call is given out as it comes, unless the one before it is not finished.
 */
export class ToolCallReader {
  readonly #choice: number;
  readonly #calls: HeldCall[] = [];
  readonly #ids = new Set<string>();
  /** The call that is given out. */
  #open = 0;
  #characters = 0;

  constructor(choice: number) {
    this.#choice = choice;
  }

  get hasCalls(): boolean {
    return this.#calls.length > 0;
  }

  /** `isWhole` where each piece is a call of its own. Throws `MalformedAnswer`. */
  read(delta: ToolCallDelta, isWhole: boolean): GenerationEvent[] {
    const call = (isWhole ? undefined : this.#find(delta)) ?? this.#add(delta);
    if (call.name === "") call.name = delta.name ?? "";
    this.#characters += delta.arguments.length;
    if (this.#characters > maxArguments) throw new MalformedAnswer("Its tool calls are longer than allowed.");
    call.arguments.add(delta.arguments);
    call.unsent += delta.arguments;
    return this.#advance(false);
  }

  /** What was held back. Throws `MalformedAnswer` for a call without a name. */
  end(): GenerationEvent[] {
    return this.#advance(true);
  }

  /** The call that a piece goes on with; undefined for a new one. */
  #find(delta: ToolCallDelta): HeldCall | undefined {
    const { index, id, name } = delta;
    const sameId = id === undefined ? undefined : this.#calls.findLast(({ givenId }) => givenId === id);
    if (sameId !== undefined && (index === undefined || sameId.index === index)) return sameId;
    const call =
      index === undefined
        ? this.#calls.at(-1)
        : this.#calls.findLast(({ index: calledIndex }) => calledIndex === index);
    if (call === undefined) return undefined;
    if (index === undefined && id !== undefined && call.givenId !== undefined) return undefined;
    return name === undefined || !isAnother(call, delta) ? call : undefined;
  }

  #add({ index, id: givenId, name = "", kind }: ToolCallDelta): HeldCall {
    if (this.#calls.length >= maxCalls) throw new MalformedAnswer("It has more tool calls than allowed.");
    const id = givenId === undefined || this.#ids.has(givenId) ? createId("call_", 24) : givenId;
    this.#ids.add(id);
    const call: HeldCall = {
      index,
      givenId,
      id,
      name,
      kind,
      arguments: new ObjectText(),
      unsent: "",
      isStarted: false,
    };
    this.#calls.push(call);
    return call;
  }

  #advance(isOver: boolean): GenerationEvent[] {
    const events: GenerationEvent[] = [];
    for (let call = this.#calls[this.#open]; call !== undefined; call = this.#calls[this.#open]) {
      if (call.name === "") {
        if (isOver) throw new MalformedAnswer("It calls a tool without a name.");
        break;
      }
      const at = { choice: this.#choice, index: this.#open };
      if (!call.isStarted) {
        call.isStarted = true;
        events.push({ type: "tool-call-start", ...at, id: call.id, name: call.name, kind: call.kind });
      }
      if (call.unsent !== "") {
        events.push({ type: "tool-call-delta", ...at, arguments: call.unsent });
        call.unsent = "";
      }
      const isLast = this.#open === this.#calls.length - 1;
      if (isLast || !(isOver || isFinished(call))) break;
      this.#open++;
    }
    return events;
  }
}

/** Whether a piece with a name begins another call, though it comes under the index of `call`. */
function isAnother(call: HeldCall, { id, name, arguments: json }: ToolCallDelta): boolean {
  if (call.name === "") return false;
  if (name !== call.name) return true;
  const isOtherId = id !== undefined && call.givenId !== undefined;
  if (isOtherId && call.arguments.isEmpty) return true;
  return isFinished(call) && (isOtherId || json.trim() !== "");
}

/** Whether nothing can come after the arguments. Without any, they may still be to come. */
function isFinished({ kind, arguments: text }: HeldCall): boolean {
  return kind === "custom" || text.isComplete;
}
