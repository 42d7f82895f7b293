import type { GenerationEvent, TokenLogprob } from "../core/generation.ts";
import { GrowingText } from "../core/growing-text.ts";
import { createStopMatcher, type StopMatcher } from "../text/stop.ts";

/** What one choice is held to, the same for all choices of a call. */
export interface EdgeRules {
  stops: readonly string[];
  /** Tokens after which the choice ends with `length`; `Infinity` where the backend sees to it. */
  maxTokens: number;
  /** Without, calls are left out. */
  mayCall: boolean;
  parallelToolCalls: boolean;
  /** Logprobs of the prompt are asked for, and come even if no text is generated. */
  scoresPrompt: boolean;
  keepsText: boolean;
}

/** An answer without end is not kept whole to be counted. */
const maxKeptCharacters = 8 << 20;
const charactersPerToken = 4;

type ChoiceEvent = Extract<GenerationEvent, { choice: number }>;
type EventOf<Type extends GenerationEvent["type"]> = Extract<GenerationEvent, { type: Type }>;
type CallEvent = EventOf<"tool-call-start" | "tool-call-delta">;

/** The edge of one choice, which leaves it under the number `index`. */
export class ChoiceEdge {
  readonly #index: number;
  readonly #rules: EdgeRules;
  /** Text that came without a count of its tokens. */
  readonly #uncounted = new GrowingText();
  readonly #uncountedReasoning = new GrowingText();
  /** Characters of both, and of what is not kept any more. */
  #keptCharacters = 0;
  #estimatedCharacters = 0;
  #matcher: StopMatcher | undefined;
  /** Logprobs whose text is held back, or has no letters yet. */
  #heldLogprobs: TokenLogprob[] = [];
  /** Backend's number of the first tool call. */
  #firstCall: number | undefined;
  #isFinished = false;
  #isBackendDone = false;
  tokens = 0;
  reasoningTokens = 0;

  constructor(index: number, rules: EdgeRules) {
    this.#index = index;
    this.#rules = rules;
    this.#matcher = this.#createMatcher();
  }

  /** Ended here, not by the backend. */
  get isCut(): boolean {
    return this.#isFinished && !this.#isBackendDone;
  }

  get uncounted(): string {
    return this.#uncounted.toString();
  }

  get uncountedReasoning(): string {
    return this.#uncountedReasoning.toString();
  }

  /** Of text beyond what is kept to be counted. */
  get estimatedTokens(): number {
    return Math.ceil(this.#estimatedCharacters / charactersPerToken);
  }

  /** Puts into `out` what the client gets of `event`. True when that ends the choice. */
  apply(event: ChoiceEvent, out: GenerationEvent[]): boolean {
    if (event.type === "finish") this.#isBackendDone = true;
    if (this.#isFinished) return false;
    switch (event.type) {
      case "text-delta":
        this.#text(event, out);
        break;
      case "finish":
        this.#finish(event, out);
        break;
      case "tool-call-start":
      case "tool-call-delta":
        this.#toolCall(event, out);
        break;
      case "reasoning-delta":
        this.#reasoning(event, out);
        break;
      case "refusal-delta":
        if (event.text === "") break;
        this.#keep(event.text);
        out.push({ ...event, choice: this.#index });
        break;
    }
    return this.#isFinished;
  }

  #text(event: EventOf<"text-delta">, out: GenerationEvent[]): void {
    if (event.tokens === undefined) this.#keep(event.text);
    else this.tokens += event.tokens;
    const matched = this.#matcher?.push(event.text);
    const text = matched === undefined ? event.text : matched.text;
    const isWhole = text !== "" && text === event.text && this.#heldLogprobs.length === 0;
    // Nothing is rebuilt on the common path: a delta that passes whole is handed on as it is.
    if (isWhole && event.choice === this.#index) out.push(event);
    else this.#give(text, event.logprobs, out);
    if (matched?.stop !== undefined) {
      this.#end({ type: "finish", choice: this.#index, reason: "stop", stopSequence: matched.stop }, out);
    } else {
      this.#limit(out);
    }
  }

  #reasoning(event: EventOf<"reasoning-delta">, out: GenerationEvent[]): void {
    if (event.tokens !== undefined) {
      this.tokens += event.tokens;
      this.reasoningTokens += event.tokens;
    } else {
      this.#keep(event.text, this.#uncountedReasoning);
    }
    if (event.text !== "") out.push({ ...event, choice: this.#index });
    this.#limit(out);
  }

  #limit(out: GenerationEvent[]): void {
    if (this.tokens < this.#rules.maxTokens) return;
    this.#flush(out);
    this.#end({ type: "finish", choice: this.#index, reason: "length" }, out);
  }

  #finish(event: EventOf<"finish">, out: GenerationEvent[]): void {
    this.#flush(out);
    // Also for a call that the client forced: agents end their loop on `stop`.
    const isCall = this.#firstCall !== undefined && event.reason === "stop";
    const isNone = !this.#rules.mayCall && event.reason === "tool-calls";
    const reason = isCall ? "tool-calls" : isNone ? "stop" : event.reason;
    this.#end({ ...event, choice: this.#index, reason }, out);
  }

  #toolCall(event: CallEvent, out: GenerationEvent[]): void {
    this.tokens += event.tokens ?? 0;
    if (this.#rules.mayCall) this.#giveCall(event, out);
    if (event.tokens !== undefined) this.#limit(out);
  }

  #giveCall(event: CallEvent, out: GenerationEvent[]): void {
    if (event.type === "tool-call-start") this.#firstCall ??= event.index;
    if (!this.#rules.parallelToolCalls && event.index !== this.#firstCall) return;
    if (event.type === "tool-call-start" && this.#matcher !== undefined) {
      this.#flush(out);
      this.#matcher = this.#createMatcher();
    }
    if (event.tokens === undefined)
      this.#keep(event.type === "tool-call-start" ? event.name : event.arguments);
    // Some tokens are a part of a call's form, and none of its arguments.
    else if (event.type === "tool-call-delta" && event.arguments === "") return;
    out.push({ ...event, choice: this.#index });
  }

  #flush(out: GenerationEvent[]): void {
    this.#give(this.#matcher?.flush() ?? "", undefined, out);
  }

  #give(text: string, logprobs: readonly TokenLogprob[] | undefined, out: GenerationEvent[]): void {
    if (logprobs !== undefined) this.#heldLogprobs.push(...logprobs);
    const held = this.#heldLogprobs;
    if (text === "" && (!this.#rules.scoresPrompt || held.length === 0)) return;
    out.push({
      type: "text-delta",
      choice: this.#index,
      text,
      ...(held.length === 0 ? {} : { logprobs: held }),
    });
    this.#heldLogprobs = [];
  }

  #end(finish: EventOf<"finish">, out: GenerationEvent[]): void {
    this.#isFinished = true;
    out.push(finish);
  }

  #keep(text: string, kept = this.#uncounted): void {
    if (!this.#rules.keepsText || text === "") return;
    if (this.#keptCharacters >= maxKeptCharacters) {
      this.#estimatedCharacters += text.length;
      return;
    }
    this.#keptCharacters += text.length;
    kept.add(text);
  }

  #createMatcher(): StopMatcher | undefined {
    return this.#rules.stops.length === 0 ? undefined : createStopMatcher(this.#rules.stops);
  }
}
