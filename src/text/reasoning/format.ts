/** Marks between which models think aloud, by a name for the configuration. */
export type ReasoningFormatName =
  | "think"
  | "thinking"
  | "mistral"
  | "granite"
  | "command-r"
  | "kimi"
  | "seed";

export interface ReasoningMarks {
  open: readonly string[];
  close: readonly string[];
}
