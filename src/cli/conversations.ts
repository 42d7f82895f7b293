import { existsSync } from "node:fs";
import type { ConversationKey, ConversationStore, ConversationSummary } from "../store/store.ts";
import type { StoreLocation } from "../store/location.ts";
import type { Message } from "../core/generation.ts";
import { escapeControls } from "../telemetry/escape.ts";

export interface ConversationsCommand {
  store: ConversationStore;
  /** Where it is; one in memory is that of this process, not the server's. */
  location: StoreLocation;
  /** `list`, `show ID` or `delete ID`; an id may be `OWNER/ID` where several owners have it. */
  args: readonly string[];
}

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
  return command === "show" ? await show(store, key) : await remove(store, key);
}

async function list(store: ConversationStore): Promise<CommandOutcome> {
  const lines: string[] = [];
  for await (const summary of summaries(store)) {
    if (lines.length === maxListed) {
      lines.push(`... and older ones: these are the ${maxListed} newest.`);
      break;
    }
    const { model, messages, updatedAt } = summary;
    const when = new Date(updatedAt).toISOString().slice(0, 19);
    lines.push(`${when}Z  ${fullName(summary)}  ${escapeControls(model)}  messages=${messages}`);
  }
  return { lines: lines.length === 0 ? ["There are no conversations."] : lines, ok: true };
}

async function show(store: ConversationStore, key: ConversationKey): Promise<CommandOutcome> {
  const stored = await store.read(key);
  return { lines: (stored?.messages ?? []).flatMap(linesOf), ok: stored !== undefined };
}

async function remove(store: ConversationStore, key: ConversationKey): Promise<CommandOutcome> {
  const ok = await store.delete(key);
  return { lines: [ok ? `✓ Deleted ${fullName(key)}` : `✗ ${fullName(key)} is not there any more.`], ok };
}

/** The conversation of that full name; else all of that id. */
async function findKeys(store: ConversationStore, name: string): Promise<ConversationKey[]> {
  const keys: ConversationKey[] = [];
  for await (const { owner, id } of summaries(store)) {
    if (fullName({ owner, id }) === name) return [{ owner, id }];
    if (id === name) keys.push({ owner, id });
  }
  return keys;
}

/** Newest first. */
async function* summaries(store: ConversationStore): AsyncGenerator<ConversationSummary> {
  for (let offset = 0; ; offset += pageLength) {
    const page = await store.list({ limit: pageLength, offset });
    yield* page;
    if (page.length < pageLength) return;
  }
}

/** Without keys there is one owner, who needs no name. */
function fullName({ owner, id }: ConversationKey): string {
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
