import { ServeError } from "../../core/error.ts";
import type { CallContext } from "../../core/generation.ts";
import type { JsonRecord } from "../../core/json.ts";
import type { RecordKey, RecordStore, WholeRecord } from "../../store/records.ts";
import { assertConversationId, type GivenId } from "../common/conversation/conversation-id.ts";
import { type ItemTurn, readExisting } from "../common/conversation/item-turn.ts";
import { conversationKey } from "../common/conversation/layout.ts";
import { ofEntries } from "../common/items/entries.ts";
import { isItemReference, type Item } from "../common/items/kinds.ts";
import { resolveReferences } from "../common/items/resolve-references.ts";
import { toItems } from "../common/items/to-item.ts";
import { buryDead, isDead } from "./background/end-run.ts";
import type { ResponseDeps } from "./deps.ts";
import { responseIds } from "./ids.ts";
import { inputOf, isRunning, outputOf, readHead, responseKey } from "./layout.ts";
import type { InputTokensRequest } from "./schema.ts";

/** What comes before a request's input. */
export interface History {
  readonly items: readonly Item[];
  /** In its conversation, where it has one. */
  readonly turn?: ItemTurn;
}

export type HistoryDeps = Pick<ResponseDeps, "records" | "conversations">;

/** What a request names that is kept. */
export type Named = Pick<InputTokensRequest, "previous_response_id" | "conversation">;

/** Responses that one may go on from, one behind the other. */
const maxChain = 1_024;

/**
 * The items of the conversation, whose turn it then is, or those of all responses before. Rejects with `invalid_request`
 * (`previous_response_not_found`), with `not_found` for a conversation, and as the store does.
 */
export async function readHistory(
  { previous_response_id: previous, conversation }: Named,
  context: Pick<CallContext, "owner" | "signal">,
  { records, conversations }: HistoryDeps,
): Promise<History> {
  if (conversation != null) {
    const turn = await conversations.enter(toGivenId(conversation), context);
    return { items: turn.items, turn };
  }
  return { items: previous == null ? [] : await readChain(previous, context.owner, records) };
}

/** The same items, for who does not add to them and waits for no turn. */
export async function peekHistory(
  { previous_response_id: previous, conversation }: Named,
  { owner }: Pick<CallContext, "owner">,
  { records }: Pick<HistoryDeps, "records">,
): Promise<readonly Item[]> {
  if (conversation == null) return previous == null ? [] : await readChain(previous, owner, records);
  const given = toGivenId(conversation);
  assertConversationId(given);
  return (await readExisting(records, conversationKey(owner, given.id))).items;
}

function toGivenId(conversation: NonNullable<Named["conversation"]>): GivenId {
  return { id: typeof conversation === "string" ? conversation : conversation.id, param: "conversation" };
}

async function readChain(id: string, owner: string | undefined, records: RecordStore): Promise<Item[]> {
  if (!responseIds.form.test(id)) throw noPrevious();
  const chain = await livingChain(responseKey(owner, id), records);
  if (chain === undefined) throw noPrevious();
  const items: Item[] = [];
  for (const record of chain) {
    const head = readHead(record);
    if (record === chain.at(-1) && isRunning(head.response)) throw stillRunning();
    items.push(...(await ofEntries([...inputOf(head, record.list), ...outputOf(head, record.list)])));
  }
  return items;
}

/** One whose process has died has an end by then. */
async function livingChain(
  key: RecordKey,
  records: RecordStore,
): Promise<readonly WholeRecord[] | undefined> {
  const chain = await records.chain(key, maxChain);
  const last = chain?.at(-1);
  if (last === undefined || !isDead(last)) return chain;
  await buryDead(records);
  return await records.chain(key, maxChain);
}

function noPrevious(): ServeError {
  return new ServeError(
    "invalid_request",
    "The response that 'previous_response_id' names is not kept here.",
    {
      code: "previous_response_not_found",
      param: "previous_response_id",
    },
  );
}

function stillRunning(): ServeError {
  return new ServeError(
    "invalid_request",
    "The response that 'previous_response_id' names is still being worked on.",
    { code: "invalid_value", param: "previous_response_id" },
  );
}

/**
 * The input as it is kept: each item with its id, and what references stand for in their place; those to items of the
 * history, which the model is shown anyway, are left out. Rejects with `not_found`, with `too_large` where references
 * stand for more than a body may hold, and as the store does.
 */
export async function readInput(
  input: readonly JsonRecord[],
  history: readonly Item[],
  {
    owner,
    records,
    bodyLimits,
  }: Pick<ResponseDeps, "records" | "bodyLimits"> & { owner: string | undefined },
): Promise<readonly Item[]> {
  const known = new Set(history.map(({ id }) => id));
  const wanted = input.filter((item) => !isItemReference(item) || !known.has(item.id));
  const maxCharacters = bodyLimits.maxBodyBytes;
  const items = await resolveReferences(wanted, { owner, records, param: "input", maxCharacters });
  return toItems(items);
}
