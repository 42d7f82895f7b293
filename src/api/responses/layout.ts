/**
 * How a response is kept: a record of the collection `response`, under the response's id.
 *
 * - Head: JSON of a `ResponseHead`.
 * - Entries: the input's items, then the output's, each under its id. While it is being worked on in the background,
 *   events (see `journal.ts`) stand in place of the output; they have no ids.
 * - Parent: the response that it goes on from.
 * - Due while it is being worked on: by then whoever works on it has said so again, or is gone.
 */
import type { Change, Entry, RecordKey, StoredEntry, StoredRecord } from "../../store/records.ts";
import type { JsonRecord } from "../../core/json.ts";
import type { ErrorBody } from "../../http/errors.ts";
import { toEntries } from "../common/items/entries.ts";
import type { Item } from "../common/items/kinds.ts";
import { given } from "../common/sampling.ts";
import type { ToolName } from "./decode-tools.ts";
import type { ResponseObject, ResponseStatus } from "./response.ts";
import type { Trace } from "./trace.ts";

/** `output` stands in the entries. */
export type ResponseWithoutOutput = Pick<
  ResponseObject,
  "id" | "created_at" | "status" | "background" | "store"
> &
  JsonRecord;

export interface ResponseHead {
  response: ResponseWithoutOutput;
  /** How many of the entries are input. */
  inputs: number;
  /** Of a response in the background: what its events are told again from. */
  run?: RunHead;
}

export interface RunHead {
  logprobs: boolean;
  encrypted: boolean;
  names: readonly (readonly [string, ToolName])[];
  /** Once it has ended. */
  trace?: Trace;
  /** Why it failed. */
  error?: ErrorBody;
}

export function responseKey(owner: string | undefined, id: string): RecordKey {
  return { collection: "response", owner: owner ?? "", id };
}

/** What this file has written. */
export function readHead({ text }: Pick<StoredRecord, "text">): ResponseHead {
  return JSON.parse(text);
}

export function isRunning({ status }: { readonly status: ResponseStatus }): boolean {
  return status === "queued" || status === "in_progress";
}

/** Takes a whole response as well; its output is not part of the head. */
export function writeHead({ response, ...head }: ResponseHead): string {
  return JSON.stringify({ response: { ...response, output: undefined }, ...head } satisfies ResponseHead);
}

/** What is written of a response that is not kept yet. */
export interface NewResponse {
  response: ResponseObject;
  input: readonly Item[];
  /** Of one in the background, which is due after so many milliseconds. */
  run?: { head: RunHead; dueInMs: number };
}

export async function newRecord(
  owner: string | undefined,
  { response, input, run }: NewResponse,
): Promise<Extract<Change, { kind: "put" }>> {
  const parent = response["previous_response_id"];
  return {
    kind: "put",
    key: responseKey(owner, response.id),
    expectedVersion: 0,
    text: writeHead({ response, inputs: input.length, ...given("run", run?.head) }),
    ...(typeof parent === "string" && { parent }),
    ...(run !== undefined && { dueInMs: run.dueInMs }),
    append: await toEntries([...input, ...response.output]),
  };
}

/** The JSON of a response whose output has not to be read for that. */
export function responseJson(head: ResponseHead, list: readonly StoredEntry[]): string {
  const json = JSON.stringify(head.response);
  const output = outputOf(head, list).map(({ text }) => text);
  return `${json.slice(0, -1)},"output":[${output.join(",")}]}`;
}

export function inputOf<Kept extends Entry>(
  { inputs }: ResponseHead,
  list: readonly Kept[],
): readonly Kept[] {
  return list.slice(0, inputs);
}

/** Nothing while it is being worked on. */
export function outputOf<Kept extends Entry>(
  { inputs, response }: ResponseHead,
  list: readonly Kept[],
): readonly Kept[] {
  return isRunning(response) ? [] : list.slice(inputs);
}
