import type { EventBatch } from "../../../core/generation.ts";
import type { Change, Entry, RecordKey, StoredEntry } from "../../../store/records.ts";
import { toEntries } from "../../common/items/entries.ts";
import { now } from "../answer.ts";
import { type EncodeOptions, type Ending, ResponseEncoder } from "../encoder.ts";
import { type ResponseHead, type RunHead, writeHead } from "../layout.ts";
import type { ResponseObject } from "../response.ts";
import { TraceWriter } from "../trace.ts";

/** Events, as an entry of the response that comes of them. */
export function toJournal(events: EventBatch): Entry {
  return { text: JSON.stringify(events) };
}

/** The batches among the entries of a response that is being worked on. */
export function ofJournal(entries: readonly StoredEntry[]): EventBatch[] {
  return entries.filter(({ id }) => id === undefined).map(({ text }): EventBatch => JSON.parse(text));
}

export function toRunHead({ logprobs, encrypted, names }: EncodeOptions): RunHead {
  return { logprobs, encrypted, names: [...names] };
}

/** What a response is told again by. `after` is the number of the last event that is known. */
export function encoderOf({ response, run }: ResponseHead, after: number): ResponseEncoder {
  return new ResponseEncoder(begunOf(response), {
    logprobs: run?.logprobs === true,
    encrypted: run?.encrypted === true,
    names: new Map(run?.names),
    after,
  });
}

/** The response as it was before anything had come of it. */
function begunOf({ agent_metadata: _metadata, ...response }: ResponseHead["response"]): ResponseObject {
  return {
    ...response,
    completed_at: null,
    status: "queued",
    error: null,
    incomplete_details: null,
    output: [],
    usage: null,
  };
}

/** A response that is being worked on, put together from its events. */
export class RunState {
  readonly #head: ResponseHead;
  readonly #encoder: ResponseEncoder;
  readonly #trace = new TraceWriter();

  constructor(head: ResponseHead) {
    this.#head = head;
    this.#encoder = encoderOf(head, Infinity);
  }

  /** Throws as the encoder does. */
  add(batch: EventBatch): void {
    this.#encoder.encode(batch);
    this.#trace.add(batch);
  }

  /** The response, ended in that way, and what is written of it in place of its events. */
  async end(ending: Ending, at: { key: RecordKey; version: number }): Promise<EndedRun> {
    const { inputs, run } = this.#head;
    const response = this.#encoder.response(ending, now());
    const ended: RunHead | undefined = run && {
      ...run,
      trace: this.#trace.trace(),
      ...(ending.kind === "failed" && { error: ending.error }),
    };
    const change: Change = {
      kind: "put",
      key: at.key,
      expectedVersion: at.version,
      text: writeHead({ response, inputs, ...(ended !== undefined && { run: ended }) }),
      dueInMs: null,
      keep: inputs,
      append: await toEntries(response.output),
    };
    return { response, change };
  }
}

export interface EndedRun {
  response: ResponseObject;
  change: Change;
}
