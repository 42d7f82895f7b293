import { ServeError } from "../../core/error.ts";
import { within } from "../../core/within.ts";
import type { Change, RecordStore } from "../../store/records.ts";
import { answeredAndNotKept } from "../common/not-kept.ts";
import type { Item } from "../common/items/kinds.ts";
import type { Ending } from "./encoder.ts";
import type { ItemTurn } from "../common/conversation/item-turn.ts";
import { newRecord, responseKey } from "./layout.ts";
import type { ResponseObject } from "./response.ts";

/** What keeps a response once it has ended. */
export interface Keeper {
  /**
   * Resolves with the response as the client is to be told of it, once whoever saw that can find it. Rejects with a
   * `ServeError` when it should have been kept and could not be.
   */
  keep(response: ResponseObject, ending: Ending): Promise<ResponseObject>;
}

export interface KeeperOptions {
  records: RecordStore;
  owner: string | undefined;
  input: readonly Item[];
  /** `asked` by the client in so many words; `usual` where it said nothing. */
  store: "asked" | "usual" | "not";
  turn: ItemTurn | undefined;
}

/** Who did not ask for a response to be kept does not wait longer than that for it. */
const usualMs = 5_000;

export function createKeeper({ records, owner, input, store, turn }: KeeperOptions): Keeper {
  const write = async (response: ResponseObject, ending: Ending) => {
    const changes = store === "not" ? [] : [await newRecord(owner, { response, input })];
    if (turn !== undefined && ending.kind === "finished") {
      await appendTurn(turn, { response, input, changes });
    } else if (changes.length > 0) {
      await records.write(changes);
    }
  };
  const usually = async (writing: Promise<void>, response: ResponseObject) => {
    const kept = writing.then(
      () => true,
      () => false,
    );
    const inTime = await within<boolean | undefined>(
      usualMs,
      () => kept,
      () => undefined,
    );
    if (inTime === true) return response;
    if (inTime === undefined) void forget(kept, { records, owner, id: response.id });
    return { ...response, store: false };
  };
  return {
    async keep(response, ending) {
      const writing = write(response, ending);
      try {
        if (store === "usual" && turn === undefined) return await usually(writing, response);
        await writing;
        return response;
      } catch (error) {
        throw answeredAndNotKept(error, "The response was given, but it could not be kept.");
      } finally {
        turn?.close();
      }
    },
  };
}

/** The turn's items, at the end of its conversation, in one with `changes`. */
export async function appendTurn(
  turn: ItemTurn,
  {
    response,
    input,
    changes,
  }: { response: ResponseObject; input: readonly Item[]; changes: readonly Change[] },
): Promise<void> {
  const outcome = await turn.append({
    added: [...input, ...response.output],
    param: "input",
    model: String(response["model"]),
    others: changes,
  });
  if (outcome.kind === "conflict") throw superseded();
}

/** Somebody else has written or removed the response meanwhile. */
export function superseded(): ServeError {
  return new ServeError("canceled", "The response was ended by somebody else.");
}

/** The client was told that it is not kept. */
async function forget(
  kept: Promise<boolean>,
  { records, owner, id }: { records: RecordStore; owner: string | undefined; id: string },
): Promise<void> {
  try {
    if (await kept) await records.write([{ kind: "delete", key: responseKey(owner, id) }]);
  } catch {
    // A store that cannot even do that loses it by and by.
  }
}
