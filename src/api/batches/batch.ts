import { createId } from "../../core/ids.ts";
import type { RecordKey, StoredRecord } from "../../store/records.ts";
import type { NumberSet } from "./number-set.ts";

/** Ids of batches as they are in paths. */
export const batchId = { what: "Batch", param: "batch_id", form: /^batch_[A-Za-z0-9_-]{1,64}$/ } as const;

export type BatchStatus =
  | "validating"
  | "in_progress"
  | "finalizing"
  | "completed"
  | "failed"
  | "expired"
  | "cancelling"
  | "cancelled";

export interface Counts {
  total: number;
  completed: number;
  failed: number;
}

export interface BatchUsage {
  inputTokens: number;
  cachedTokens: number;
  outputTokens: number;
  reasoningTokens: number;
}

/** Why a line cannot be asked, or a batch not be run. */
export interface Problem {
  code: string;
  message: string;
  /** Counted from 1. */
  line?: number;
  param?: string;
}

/** All that is known of a batch: the head of its record. */
export interface BatchState {
  endpoint: string;
  inputFileId: string;
  metadata: Readonly<Record<string, string>> | null;
  /** Of the files it writes, from their end on. */
  outputExpireInMs?: number;
  status: BatchStatus;
  /** Unix milliseconds. */
  expiresAt: number;
  /** When it came to each status, likewise. */
  reached: Readonly<Partial<Record<BatchStatus, number>>>;
  /** That of all lines, where they name one. */
  model?: string;
  counts: Counts;
  usage: BatchUsage;
  /** Numbers of the lines, blank ones not counted and from 0, whose results are in one of the files. */
  recorded: NumberSet;
  /** Once they have a line; nobody sees them before the batch has ended. */
  outputFileId?: string;
  errorFileId?: string;
  problems?: readonly Problem[];
  /** Who runs it. A claim alone is no hold: with the version that it gave, this has to be written first. */
  holder?: string;
  /** As long as a batch is open, so that there is room to say how it ended, also where there is none for more. */
  reserve?: string;
}

export const reserve: string = " ".repeat(512);

const openStatuses: ReadonlySet<BatchStatus> = new Set([
  "validating",
  "in_progress",
  "finalizing",
  "cancelling",
]);

export function isOpen({ status }: BatchState): boolean {
  return openStatuses.has(status);
}

export function createBatchId(): string {
  return createId("batch_", 32);
}

export function batchKey(owner: string, id: string): RecordKey {
  return { collection: "batch", owner, id };
}

export function stateText(state: BatchState): string {
  return JSON.stringify(state);
}

export function stateOf({ text }: Pick<StoredRecord, "text">): BatchState {
  const state: BatchState = JSON.parse(text);
  return state;
}

/** The same batch in another status; the first time it comes to one counts. */
export function inStatus(state: BatchState, status: BatchStatus, now: number): BatchState {
  return { ...state, status, reached: { [status]: now, ...state.reached } };
}

/** Nobody runs it at the moment. */
export function released({ holder: _holder, ...state }: BatchState): BatchState {
  return state;
}

/** Nobody runs it any more. */
export function ended({ holder: _holder, reserve: _reserve, ...state }: BatchState): BatchState {
  return state;
}
