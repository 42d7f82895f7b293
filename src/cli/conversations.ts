import { existsSync } from "node:fs";
import type { Entry, RecordKey, RecordStore, StoredRecord } from "../store/records.ts";
import type { StoreLocation } from "../store/location.ts";
import type { Message } from "../core/generation.ts";
import { escapeControls } from "../telemetry/escape.ts";

export interface ConversationsCommand {
  store: RecordStore;
  /** What the entries of a conversation say. */
  read: ReadEntries;
  /** Where it is; one in memory is that of this process, not the server's. */
  location: StoreLocation;
  /** `list`, `show ID` or `delete ID`; an id may be `OWNER/ID` where several owners have it. */
  args: readonly string[];
}

export type ReadEntries = (entries: readonly Entry[]) => Promise<readonly Message[]>;

/** What is printed, and whether what was asked for was done. */
export interface CommandOutcome {
  lines: readonly string[];
  ok: boolean;
}

const usage = "Usage: oai-serve conversations list | show ID | delete ID";
const outOfReach =
  "Conversations in memory (store: memory:) belong to the running server and end with it: no command reaches them. Those of 'sqlite:PATH' and 'postgres://…' can be looked at.";
/** Read from the store at once. */
const pageLength = 500;
/** Listed at most: the newest. */
const maxListed = 10_000;

/** Shows an operator the stored conversations, one of them, or removes one. Rejects as the store does. */
export async function runConversations({
  store,
  read,
  location,
  args,
}: ConversationsCommand): Promise<CommandOutcome> {
  const [command, id] = args;
  const isList = command === "list" && args.length === 1;
  const isOfOne = (command === "show" || command === "delete") && args.length === 2;
  if (!isList && !isOfOne) return { lines: [usage], ok: false };
  if (location.kind === "memory") return { lines: [outOfReach], ok: false };
  // To look for it must not make it.
  if (location.kind === "sqlite" && !existsSync(location.path))
    return { lines: [`There is no store '${escapeControls(location.path)}'.`], ok: false };
  if (id === undefined) return await list(store);
  const keys = await findKeys(store, id);
  const [key] = keys;
  if (key === undefined) return { lines: [`There is no conversation '${escapeControls(id)}'.`], ok: false };
  if (keys.length > 1) {
    return { lines: ["Several owners have it. Name one of:", ...keys.map(fullName)], ok: false };
  }
  return command === "show" ? await show(key, { store, read }) : await remove(store, key);
}

async function list(store: RecordStore): Promise<CommandOutcome> {
  const lines: string[] = [];
  for await (const { key, labels, entries, updatedAt } of newestFirst(store)) {
    if (lines.length === maxListed) {
      lines.push(`... and older ones: these are the ${maxListed} newest.`);
      break;
    }
    const when = new Date(updatedAt).toISOString().slice(0, 19);
    lines.push(`${when}Z  ${fullName(key)}  ${escapeControls(labels["model"] ?? "-")}  items=${entries}`);
  }
  return { lines: lines.length === 0 ? ["There are no conversations."] : lines, ok: true };
}

async function show(
  key: RecordKey,
  { store, read }: Pick<ConversationsCommand, "store" | "read">,
): Promise<CommandOutcome> {
  const record = await store.read(key);
  const messages = record === undefined ? [] : await read(record.list);
  return { lines: messages.flatMap(linesOf), ok: record !== undefined };
}

async function remove(store: RecordStore, key: RecordKey): Promise<CommandOutcome> {
  const ok = (await store.write([{ kind: "delete", key }])).kind === "written";
  return { lines: [ok ? `✓ Deleted ${fullName(key)}` : `✗ ${fullName(key)} is not there any more.`], ok };
}

/** The conversation of that full name; else all of that id. */
async function findKeys(store: RecordStore, name: string): Promise<RecordKey[]> {
  const keys: RecordKey[] = [];
  for await (const { key } of newestFirst(store)) {
    if (fullName(key) === name) return [key];
    if (key.id === name) keys.push(key);
  }
  return keys;
}

/** By the time they were begun. */
async function* newestFirst(store: RecordStore): AsyncGenerator<StoredRecord> {
  let last: RecordKey | undefined;
  for (;;) {
    const page = await store.list({
      collection: "conversation",
      order: "desc",
      limit: pageLength,
      ...(last !== undefined && { after: last.id, afterOwner: last.owner }),
    });
    if (page === undefined) return;
    yield* page.items;
    last = page.items.at(-1)?.key;
    if (!page.hasMore || last === undefined) return;
  }
}

/** Without keys there is one owner, who needs no name. */
function fullName({ owner, id }: RecordKey): string {
  return owner === "" ? id : `${owner}/${id}`;
}

/** What users and models wrote must not drive the operator's terminal. */
function linesOf({ role, content, toolCalls = [], toolCallId }: Message): string[] {
  const label = toolCallId === undefined ? role : `${role} ${escapeControls(toolCallId)}`;
  const parts = content.map((part) =>
    part.type === "text" || part.type === "refusal" ? part.text : `(${part.type})`,
  );
  const texts = parts.join("\n").split("\n").map(escapeControls);
  const calls = toolCalls.map(
    ({ id, name, arguments: given }) => `🔧 ${escapeControls(`${name}(${given}) ${id}`)}`,
  );
  const lines = parts.length === 0 ? calls : [...texts, ...calls];
  return lines.length === 0
    ? [`${label}:`]
    : lines.map((line, at) => (at === 0 ? `${label}: ${line}` : `  ${line}`));
}
