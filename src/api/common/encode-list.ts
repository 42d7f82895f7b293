import { ServeError } from "../../core/error.ts";
import type { Page } from "../../store/records.ts";

/** One page of a list, as OpenAI writes it; each of `data` is JSON text already. */
export function encodeList(page: Page<{ id: string; json: string }>): string {
  const [first, last] = [page.items[0], page.items.at(-1)].map((item) => JSON.stringify(item?.id ?? null));
  const list = page.items.map(({ json }) => json).join(",");
  return `{"object":"list","data":[${list}],"first_id":${first},"last_id":${last},"has_more":${page.hasMore}}`;
}

/** JSON text that is written already, as an answer. */
export function jsonAnswer(json: string): Response {
  return new Response(json, { headers: { "content-type": "application/json" } });
}

/** That a list cannot begin behind what `after` names. */
export function unknownCursor(): ServeError {
  return new ServeError("invalid_request", "'after' names nothing that is in this list.", {
    code: "invalid_value",
    param: "after",
  });
}
