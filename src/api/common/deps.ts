import type { CountTokens, Generate } from "../../core/generate.ts";
import type { RecordStore } from "../../store/records.ts";
import type { BodyLimits } from "../../http/body.ts";
import type { Conversations } from "./conversation/conversations.ts";
import type { SseOptions } from "../../http/sse.ts";

/** What a surface that generates is given. */
export interface SurfaceDeps {
  generate: Generate;
  countTokens: CountTokens;
  /** Those of agents, which keep them, and those that clients name. */
  conversations: Conversations;
  /** What lasts: every surface keeps its things in it. */
  records: RecordStore;
  bodyLimits: BodyLimits;
  maxMessages: number;
  /** Refuses what OpenAI would; what depends on the backend, dispatch refuses. */
  strict: boolean;
  /** How long a stream may wait for its first event before it begins without. */
  headStartMs: number;
  stream: Omit<SseOptions, "headers">;
}
