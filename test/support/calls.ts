import type { CallContext, EventBatch, GenerationRequest } from "../../src/core/generation.ts";
import type { Log, LogFields } from "../../src/core/log.ts";

/** A request of one user message, as a client that gave nothing else. */
export function textRequest(more: Partial<GenerationRequest> = {}): GenerationRequest {
  return {
    model: "llamacpp",
    prompt: { kind: "messages", messages: [{ role: "user", content: [{ type: "text", text: "Hi" }] }] },
    sampling: {},
    choices: 1,
    tools: [],
    toolChoice: { mode: "auto" },
    parallelToolCalls: true,
    output: { kind: "text" },
    stream: true,
    extra: {},
    ...more,
  };
}

export interface MemoryLog extends Log {
  /** `level text` of every line. */
  readonly lines: readonly string[];
  readonly fields: readonly (LogFields | undefined)[];
}

export function memoryLog(): MemoryLog {
  const lines: string[] = [];
  const fields: (LogFields | undefined)[] = [];
  const write = (level: string) => (text: string, values?: LogFields) => {
    lines.push(`${level} ${text}`);
    fields.push(values);
  };
  const log: MemoryLog = {
    lines,
    fields,
    debug: write("debug"),
    info: write("info"),
    warn: write("warn"),
    error: write("error"),
    child: () => log,
  };
  return log;
}

export function callContext(
  signal: AbortSignal = new AbortController().signal,
  log: Log = memoryLog(),
): CallContext {
  return { requestId: "req_test", signal, callers: [], log };
}

/** All batches, and what the stream ended with. */
export interface Outcome {
  batches: EventBatch[];
  failure: unknown;
}

export async function run(source: AsyncIterable<EventBatch>): Promise<Outcome> {
  const batches: EventBatch[] = [];
  try {
    for await (const batch of source) batches.push(batch);
    return { batches, failure: undefined };
  } catch (failure) {
    return { batches, failure };
  }
}

export function textOf(batches: readonly EventBatch[]): string {
  return batches
    .flat()
    .map((event) => (event.type === "text-delta" ? event.text : ""))
    .join("");
}
