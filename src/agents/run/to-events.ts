import type { FinishReason, GenerationEvent, Usage } from "../../core/generation.ts";
import { createId } from "../../core/ids.ts";
import { isRecord, type JsonRecord } from "../../core/json.ts";
import { describe } from "../kit/names.ts";
import type { GraphEnd } from "../kit/run-graph.ts";

const finishReasons: ReadonlySet<unknown> = new Set<FinishReason>([
  "stop",
  "length",
  "tool-calls",
  "content-filter",
]);

/** Pieces of one agent's answer as events of choice 0. What the agent says of its end is kept for the end. */
export class EventReader {
  readonly #showsSteps: boolean;
  #calls = 0;
  #isCallOpen = false;
  #hasRefused = false;
  #finish: FinishReason | undefined;
  #usage: Usage | undefined;
  #metadata: JsonRecord = {};
  #steps: number | undefined;

  /** With `showsSteps` steps are reasoning, a line each; else they are left out. */
  constructor(showsSteps: boolean) {
    this.#showsSteps = showsSteps;
  }

  /** Adds the events of `piece` to `events`. Throws an `Error` for what is no piece. */
  read(piece: unknown, events: GenerationEvent[]): void {
    if (typeof piece === "string") {
      if (piece !== "") events.push({ type: "text-delta", choice: 0, text: piece });
    } else if (Array.isArray(piece)) {
      for (const each of piece) this.read(each, events);
    } else {
      if (!isRecord(piece)) throw notAPiece(piece);
      this.#readEvent(piece, events);
    }
  }

  /** Why the answer ended: what follows from it where the agent said no other reason. */
  get finish(): FinishReason {
    const said = this.#finish ?? "stop";
    if (said !== "stop") return said;
    if (this.#hasRefused) return "content-filter";
    return this.#calls > 0 ? "tool-calls" : "stop";
  }

  /** What the agent said itself. */
  get usage(): Usage | undefined {
    return this.#usage;
  }

  get metadata(): JsonRecord {
    return this.#metadata;
  }

  /** Of a graph, which says them itself. */
  get steps(): number | undefined {
    return this.#steps;
  }

  #readEvent(event: JsonRecord, events: GenerationEvent[]): void {
    const { type } = event;
    switch (type) {
      case "text":
      case "reasoning":
      case "refusal": {
        const text = textOf(event, "text");
        if (type === "refusal") this.#hasRefused = true;
        if (text !== "") events.push({ type: `${type}-delta`, choice: 0, text });
        return;
      }
      case "step":
        if (this.#showsSteps) {
          events.push({ type: "reasoning-delta", choice: 0, text: `${textOf(event, "text").trimEnd()}\n` });
        }
        return;
      case "tool-call":
        this.#startCall(event, events);
        this.#addArguments(argumentsOf(event), events);
        this.#isCallOpen = false;
        return;
      case "tool-call-start":
        this.#startCall(event, events);
        return;
      case "tool-call-delta":
        if (!this.#isCallOpen) throw new Error("An event 'tool-call-delta' follows no 'tool-call-start'.");
        this.#addArguments(textOf(event, "arguments"), events);
        return;
      case "metadata":
        this.#metadata = { ...this.#metadata, ...toPlain(event["fields"]) };
        this.#readSteps(event);
        return;
      case "usage":
        this.#usage = toUsage(event["usage"]);
        return;
      case "finish":
        this.#finish = toFinish(event["reason"]);
        return;
      default:
        throw notAPiece(event);
    }
  }

  #readSteps({ steps }: Readonly<Partial<Record<keyof GraphEnd, unknown>>>): void {
    if (typeof steps === "number") this.#steps = steps;
  }

  #startCall(event: JsonRecord, events: GenerationEvent[]): void {
    const { id, kind } = event;
    this.#isCallOpen = true;
    events.push({
      type: "tool-call-start",
      choice: 0,
      index: this.#calls++,
      id: typeof id === "string" && id !== "" ? id : createId("call_", 24),
      name: textOf(event, "name"),
      kind: kind === "custom" ? "custom" : "function",
    });
  }

  #addArguments(text: string, events: GenerationEvent[]): void {
    if (text !== "") {
      events.push({ type: "tool-call-delta", choice: 0, index: this.#calls - 1, arguments: text });
    }
  }
}

function textOf(event: JsonRecord, field: string): string {
  const value = event[field];
  if (typeof value === "string") return value;
  throw new Error(
    `'${field}' of an event '${String(event["type"])}' has to be a text, not ${describe(value)}.`,
  );
}

function argumentsOf(event: JsonRecord): string {
  const { arguments: given } = event;
  if (given === undefined) return "{}";
  return isRecord(given) ? JSON.stringify(given) : textOf(event, "arguments");
}

/** Metadata goes out as JSON: what has none is to fail here, where its author is known. */
function toPlain(fields: unknown): JsonRecord {
  if (!isRecord(fields)) throw new Error(`Metadata has to be an object, not ${describe(fields)}.`);
  const plain: unknown = JSON.parse(JSON.stringify(fields));
  return isRecord(plain) ? plain : {};
}

function toUsage(value: unknown): Usage {
  if (!isRecord(value)) throw new Error(`Usage has to be an object, not ${describe(value)}.`);
  const count = (field: keyof Usage): number => {
    const tokens = value[field];
    if (typeof tokens === "number" && Number.isSafeInteger(tokens) && tokens >= 0) return tokens;
    throw new Error(`'${field}' of the usage has to be a whole number of tokens, not ${describe(tokens)}.`);
  };
  return {
    promptTokens: count("promptTokens"),
    completionTokens: count("completionTokens"),
    ...(value["cachedTokens"] !== undefined && { cachedTokens: count("cachedTokens") }),
    ...(value["reasoningTokens"] !== undefined && { reasoningTokens: count("reasoningTokens") }),
  };
}

function toFinish(reason: unknown): FinishReason {
  if (isFinishReason(reason)) return reason;
  throw new Error(
    `The reason of an event 'finish' has to be one of ${[...finishReasons].join(", ")}, not ${describe(reason)}.`,
  );
}

function isFinishReason(value: unknown): value is FinishReason {
  return finishReasons.has(value);
}

function notAPiece(value: unknown): Error {
  const what =
    isRecord(value) && "type" in value ? `an event of type ${describe(value["type"])}` : describe(value);
  return new Error(`A piece of an answer has to be a text, an event or an array of them, not ${what}.`);
}
