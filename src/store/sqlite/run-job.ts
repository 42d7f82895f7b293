import type { Database } from "bun:sqlite";
import type { Job, Reply } from "./messages.ts";

type JobOf<Kind extends Job[0]> = Extract<Job, { 0: Kind }>;

/** Conversations removed in one go, about ten milliseconds. */
const conversationsASlice = 200;
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
  updatedAt: number;
}

function find(database: Database, owner: string, id: string): Row | undefined {
  const row = database
    .query<Row, [string, string]>(
      "SELECT number, version, messages, updated_at AS updatedAt FROM conversations WHERE owner = ? AND id = ?",
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
  const [, id, cutoff, owner, conversation, model, now, maxPerOwner, keep, expectedVersion, ...texts] = job;
  let row = find(database, owner, conversation);
  if (row !== undefined && row.updatedAt < cutoff) {
    removeRow(database, row.number);
    row = undefined;
  }
  if ((row?.version ?? 0) !== expectedVersion || keep > (row?.messages ?? 0)) return ["conflict", id];
  const version = expectedVersion + 1;
  const messages = keep + texts.length;
  const number = row?.number ?? insert(database, [owner, conversation, model, now, now]);
  database
    .query("UPDATE conversations SET model = ?, version = ?, messages = ?, updated_at = ? WHERE number = ?")
    .run(model, version, messages, now, number);
  if (row !== undefined && keep < row.messages) {
    database
      .query("DELETE FROM conversation_messages WHERE conversation = ? AND position >= ?")
      .run(number, keep);
  }
  const append = database.query("INSERT INTO conversation_messages VALUES (?, ?, ?)");
  for (const [index, text] of texts.entries()) append.run(number, keep + index, text);
  if (row === undefined) removeOldest(database, owner, maxPerOwner, number);
  return ["written", id, version];
}

function insert(database: Database, values: [string, string, string, number, number]): number {
  const { lastInsertRowid } = database
    .query(
      "INSERT INTO conversations (owner, id, model, version, messages, created_at, updated_at) VALUES (?, ?, ?, 0, 0, ?, ?)",
    )
    .run(...values);
  return Number(lastInsertRowid);
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
