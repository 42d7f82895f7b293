import type { Database } from "bun:sqlite";
import { conversationBytes, sizeOfTexts } from "../message-text.ts";
import type { Job, Reply } from "./messages.ts";

type JobOf<Kind extends Job[0]> = Extract<Job, { 0: Kind }>;

/** Conversations removed in one go, about ten milliseconds. */
const conversationsASlice = 200;
/** Conversations removed at most because of one that is written, so that others need not wait long. */
const conversationsAWrite = 16;
/** Pages given back to the file system in one go. */
const pagesASlice = 512;

/** Does one job, within a transaction of the caller's. Throws what SQLite says. */
export function runJob(database: Database, job: Exclude<Job, JobOf<"close">>): Reply {
  switch (job[0]) {
    case "read":
      return read(database, job);
    case "write":
      return write(database, job);
    case "list":
    case "list-owned":
      return list(database, job);
    case "delete":
      return remove(database, job);
    case "sweep":
      return sweep(database, job);
  }
}

/** Whether a job changes the file, and so has to wait for others that do. */
export function changes([kind]: Job): boolean {
  return kind === "write" || kind === "delete" || kind === "sweep";
}

interface Row {
  number: number;
  version: number;
  messages: number;
  bytes: number;
  updatedAt: number;
}

function find(database: Database, owner: string, id: string): Row | undefined {
  const row = database
    .query<Row, [string, string]>(
      "SELECT number, version, messages, bytes, updated_at AS updatedAt FROM conversations WHERE owner = ? AND id = ?",
    )
    .get(owner, id);
  return row ?? undefined;
}

function read(database: Database, [, id, cutoff, owner, conversation]: JobOf<"read">): Reply {
  const row = find(database, owner, conversation);
  if (row === undefined || row.updatedAt < cutoff) return ["none", id];
  const texts = database
    .query<{ message: string }, [number]>(
      "SELECT message FROM conversation_messages WHERE conversation = ? ORDER BY position",
    )
    .all(row.number);
  return ["found", id, row.version, ...texts.map(({ message }) => message)];
}

function write(database: Database, job: JobOf<"write">): Reply {
  const [, id, cutoff, owner, conversation, model, now, maxPerOwner, maxTotalBytes, ...rest] = job;
  const [keep, expectedVersion, ...texts] = rest;
  let row = find(database, owner, conversation);
  if (row !== undefined && row.updatedAt < cutoff) {
    removeRow(database, row.number);
    row = undefined;
  }
  if ((row?.version ?? 0) !== expectedVersion || keep > (row?.messages ?? 0)) return ["conflict", id];
  const bytes =
    sizeOfTexts(texts) + (row === undefined ? conversationBytes : sizeOfKept(database, row, keep));
  if (bytes > maxTotalBytes) return ["failed", id, `A conversation of ${bytes} bytes is too large.`];
  const version = expectedVersion + 1;
  const state = [model, version, keep + texts.length, bytes, now] as const;
  const number = row?.number ?? insert(database, owner, conversation, state);
  if (row !== undefined) update(database, { ...row, keep }, state);
  const append = database.query("INSERT INTO conversation_messages VALUES (?, ?, ?)");
  for (const [index, text] of texts.entries()) append.run(number, keep + index, text);
  if (row === undefined) removeOldest(database, owner, maxPerOwner, number);
  makeRoom(database, maxTotalBytes, number);
  return ["written", id, version];
}

/** What a write changes of a conversation's row. */
type State = readonly [model: string, version: number, messages: number, bytes: number, now: number];

function insert(database: Database, owner: string, id: string, state: State): number {
  const { lastInsertRowid } = database
    .query(
      "INSERT INTO conversations (owner, id, model, version, messages, bytes, updated_at, created_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
    )
    .run(owner, id, ...state, state[4]);
  return Number(lastInsertRowid);
}

function update(
  database: Database,
  { number, messages, keep }: Pick<Row, "number" | "messages"> & { keep: number },
  state: State,
): void {
  database
    .query(
      "UPDATE conversations SET model = ?, version = ?, messages = ?, bytes = ?, updated_at = ? WHERE number = ?",
    )
    .run(...state, number);
  if (keep === messages) return;
  database
    .query("DELETE FROM conversation_messages WHERE conversation = ? AND position >= ?")
    .run(number, keep);
}

/** What a conversation costs with its first messages only. */
function sizeOfKept(database: Database, { number, messages, bytes }: Row, keep: number): number {
  if (keep === messages) return bytes;
  const rest = database
    .query<{ message: string }, [number, number]>(
      "SELECT message FROM conversation_messages WHERE conversation = ? AND position >= ?",
    )
    .all(number, keep);
  return bytes - sizeOfTexts(rest.map(({ message }) => message));
}

/** Brings an owner back to as many conversations as one may have. */
function removeOldest(database: Database, owner: string, most: number, newest: number): void {
  const owned = database
    .query<{ conversations: number }, [string]>(
      "SELECT conversations FROM conversation_owners WHERE owner = ?",
    )
    .get(owner);
  const excess = Math.min((owned?.conversations ?? 0) - most, conversationsASlice);
  if (excess <= 0) return;
  database
    .query(
      "DELETE FROM conversations WHERE number IN (SELECT number FROM conversations WHERE owner = ? AND number <> ? ORDER BY updated_at LIMIT ?)",
    )
    .run(owner, newest, excess);
}

/** Brings all conversations back to what they may take, at the cost of the owner who has most. */
function makeRoom(database: Database, maxTotalBytes: number, newest: number): void {
  const total = database.query<{ bytes: number }, []>(
    "SELECT coalesce(sum(bytes), 0) AS bytes FROM conversation_owners",
  );
  for (let removed = 0; removed < conversationsAWrite; removed++) {
    if ((total.get()?.bytes ?? 0) <= maxTotalBytes) return;
    removeOldestOfLargest(database, newest);
  }
}

/** The newest stays: where its owner has nothing else, it is the next one's turn. */
function removeOldestOfLargest(database: Database, newest: number): void {
  const owners = database
    .query<{ owner: string }, []>("SELECT owner FROM conversation_owners ORDER BY bytes DESC")
    .all();
  const oldest = database.query<{ number: number }, [string, number]>(
    "SELECT number FROM conversations WHERE owner = ? AND number <> ? ORDER BY updated_at LIMIT 1",
  );
  for (const { owner } of owners) {
    const row = oldest.get(owner, newest);
    if (row !== null) {
      removeRow(database, row.number);
      return;
    }
  }
}

interface ListedRow {
  owner: string;
  id: string;
  model: string;
  messages: number;
  createdAt: number;
  updatedAt: number;
}

function list(
  database: Database,
  [, id, cutoff, limit, offset, owner]: JobOf<"list"> | JobOf<"list-owned">,
): Reply {
  const rows = database
    .query<ListedRow, (string | number)[]>(
      `SELECT owner, id, model, messages, created_at AS createdAt, updated_at AS updatedAt FROM conversations
       WHERE updated_at >= ?${owner === undefined ? "" : " AND owner = ?"}
       ORDER BY updated_at DESC, number DESC LIMIT ? OFFSET ?`,
    )
    .all(cutoff, ...(owner === undefined ? [] : [owner]), limit, offset);
  const fields = rows.flatMap((row) => [
    row.owner,
    row.id,
    row.model,
    row.messages,
    row.createdAt,
    row.updatedAt,
  ]);
  return ["listed", id, ...fields];
}

function remove(database: Database, [, id, cutoff, owner, conversation]: JobOf<"delete">): Reply {
  const row = find(database, owner, conversation);
  if (row === undefined) return ["none", id];
  removeRow(database, row.number);
  return row.updatedAt < cutoff ? ["none", id] : ["deleted", id];
}

/** Its messages go with it. */
function removeRow(database: Database, number: number): void {
  database.query("DELETE FROM conversations WHERE number = ?").run(number);
}

function sweep(database: Database, [, id, cutoff]: JobOf<"sweep">): Reply {
  const { changes: removed } = database
    .query(
      "DELETE FROM conversations WHERE number IN (SELECT number FROM conversations WHERE updated_at < ? ORDER BY updated_at LIMIT ?)",
    )
    .run(cutoff, conversationsASlice);
  database.run("DELETE FROM conversation_owners WHERE conversations = 0");
  database.run(`PRAGMA incremental_vacuum(${pagesASlice})`);
  // Messages that went along may be counted: then there is one more, empty, slice.
  return ["swept", id, removed >= conversationsASlice ? 0 : 1];
}
