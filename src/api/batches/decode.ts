import type { BatchState } from "./batch.ts";
import { reserve } from "./batch.ts";
import type { CreateBatchRequest } from "./schema.ts";

/** As OpenAI's `24h`, the only window there is. */
const windowMs = 86_400_000;

/** A batch that nobody has looked at yet. */
export function decode(body: CreateBatchRequest, now: number): BatchState {
  const seconds = body.output_expires_after?.seconds;
  return {
    endpoint: body.endpoint,
    inputFileId: body.input_file_id,
    metadata: body.metadata ?? null,
    ...(seconds !== undefined && { outputExpireInMs: seconds * 1_000 }),
    status: "validating",
    expiresAt: now + windowMs,
    reached: {},
    counts: { total: 0, completed: 0, failed: 0 },
    usage: { inputTokens: 0, cachedTokens: 0, outputTokens: 0, reasoningTokens: 0 },
    recorded: [],
    reserve,
  };
}
