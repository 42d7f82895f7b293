import { createListQuery } from "../common/query.ts";

/** Of the items of a conversation. */
export const itemQuery = createListQuery({ order: "desc" });
