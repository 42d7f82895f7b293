import { ServeError } from "../../core/error.ts";
import { isRecord } from "../../core/json.ts";
import type { AgentPiece } from "./agent.ts";

/** Characters of a graph's answer, as many as are held of any answer. */
const maxCharacters = 33_554_432;

/** The answer of a graph: what its nodes say it is, and what of it the client has. */
export class GraphAnswer {
  readonly #onConflict: () => void;
  #text = "";
  #sent = "";
  /** A node has set the text since it was last compared with what was sent. */
  #isSet = false;

  /** `onConflict` is called when the text is no longer what was sent and more. */
  constructor(onConflict: () => void) {
    this.#onConflict = onConflict;
  }

  get text(): string {
    return this.#text;
  }

  set(value: unknown): void {
    this.#text = toText(value);
    this.#isSet = true;
    assertLength(this.#text);
  }

  /** Adds the texts of `piece`. Gives what is to be sent: the piece, behind what was set and not sent yet. */
  say(piece: AgentPiece): AgentPiece {
    const text = textOf(piece);
    if (text === "") return piece;
    const before = this.#isSet ? this.#rest() : "";
    this.#text += text;
    this.#sent += text;
    assertLength(this.#text);
    if (before === "") return piece;
    return typeof piece === "string" || "type" in piece ? [before, piece] : [before, ...piece];
  }

  /** After a node: what it added by setting the text, empty as long as nothing was streamed. */
  settle(): string {
    return this.#isSet && this.#sent !== "" ? this.#rest() : "";
  }

  /** At the end: what is still to be sent. */
  end(): string {
    return this.#isSet ? this.#rest() : "";
  }

  #rest(): string {
    this.#isSet = false;
    if (!this.#text.startsWith(this.#sent)) {
      this.#onConflict();
      return "";
    }
    const rest = this.#text.slice(this.#sent.length);
    this.#sent = this.#text;
    return rest;
  }
}

/** What is no piece has no text: it is refused where pieces become events. */
function textOf(piece: unknown): string {
  if (typeof piece === "string") return piece;
  if (Array.isArray(piece)) return piece.map(textOf).join("");
  return isRecord(piece) && piece["type"] === "text" && typeof piece["text"] === "string"
    ? piece["text"]
    : "";
}

function toText(value: unknown): string {
  if (typeof value === "string") return value;
  return value === null ? "" : (JSON.stringify(value) ?? "");
}

function assertLength(text: string): void {
  if (text.length <= maxCharacters) return;
  throw new ServeError("internal", `The answer of the agent is longer than ${maxCharacters} characters.`, {
    code: "agent_answer_too_long",
    shouldRetry: false,
  });
}
