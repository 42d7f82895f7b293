import type { JsonSchema, Tool, ToolChoice } from "../../core/generation.ts";

/** Forms in which models write tool calls into their text. */
export type ToolCallFormatName =
  | "hermes"
  | "llama3-json"
  | "llama-pythonic"
  | "mistral"
  | "granite"
  | "deepseek"
  | "phi"
  | "internlm"
  | "xlam"
  | "command-r"
  | "json"
  | "xml";

/** A part of an answer. `arguments` belong to the call before them: JSON text, in pieces. */
export type AnswerPiece =
  | { type: "text"; text: string }
  | { type: "call"; name: string; id?: string }
  | { type: "arguments"; text: string };

/**
 * Finds tool calls in text that comes in pieces, in time linear in the text. However the text is split, the pieces
 * put together are the same: text joined, calls in order, arguments of each call joined. What is not a call of a
 * known tool is text, as the model wrote it.
 */
export interface ToolCallParser {
  /** True if `push` would give `text` out as text, whole and at once; then it need not be called. Cheap. */
  passes?(text: string): boolean;
  push(text: string, out: AnswerPiece[]): void;
  /** The answer is over: gives out what was held back. */
  end(out: AnswerPiece[]): void;
}

/** One form of tool calls. */
export interface ToolCallFormat {
  readonly name: ToolCallFormatName;
  /** Tells a model, whose template has no place for tools, what it may call and in which form. */
  instructions(tools: readonly Tool[], choice: ToolChoice, parallel: boolean): string;
  /**
   * `tools` are the names that may be called. `schemaOf` gives the schema of a tool's arguments: where a form writes
   * values without types, it tells texts from numbers.
   */
  createParser(
    tools: ReadonlySet<string>,
    schemaOf?: (name: string) => JsonSchema | undefined,
  ): ToolCallParser;
}
