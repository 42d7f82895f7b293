import { documented, failureResponses, jsonResponse, type RouteDescription } from "../common/detail.ts";
import { conversationExamples as examples } from "./examples.ts";
import { itemQuery } from "./query.ts";

function inPath(name: string, example: string) {
  return { name, in: "path", required: true, schema: { type: "string" }, example } as const;
}
const ofId = inPath("id", examples.id);
const ofItem = inPath("item", examples.item.id);

function describe(route: Omit<RouteDescription, "tag">) {
  return documented({ tag: "Conversations", ...route });
}

/** What the documentation says of each route. */
export const details = {
  create: describe({
    id: "createConversation",
    summary: "Begin a conversation",
    description:
      "Its id is for `conversation` of responses, and for `conversation_id` of chat with an agent. It is kept until it expires or is pushed out by newer ones; the oldest of its items go once there are too many.",
    request: { schema: "CreateConversationRequest", examples: examples.created },
    responses: {
      200: jsonResponse("The conversation.", "Conversation", examples.conversation),
      ...failureResponses(400, 401, 403, 404, 413, 503),
    },
  }),
  retrieve: describe({
    id: "retrieveConversation",
    summary: "Look a conversation up",
    parameters: [ofId],
    responses: {
      200: jsonResponse("The conversation.", "Conversation", examples.conversation),
      ...failureResponses(400, 401, 403, 404, 503),
    },
  }),
  update: describe({
    id: "updateConversation",
    summary: "Change what is noted down with a conversation",
    parameters: [ofId],
    request: { schema: "MetadataUpdate", examples: examples.updated },
    responses: {
      200: jsonResponse("The conversation as it is now.", "Conversation", examples.conversation),
      ...failureResponses(400, 401, 403, 404, 413, 429, 503),
    },
  }),
  remove: describe({
    id: "deleteConversation",
    summary: "Delete a conversation and its items",
    parameters: [ofId],
    responses: {
      200: jsonResponse("It is not there any more.", "ConversationDeleted", examples.deleted),
      ...failureResponses(400, 401, 403, 404, 503),
    },
  }),
  addItems: describe({
    id: "createConversationItems",
    summary: "Add items to a conversation",
    parameters: [ofId],
    request: { schema: "AddItemsRequest", examples: examples.added },
    responses: {
      200: jsonResponse("The items with their ids.", "ItemList", examples.list),
      ...failureResponses(400, 401, 403, 404, 413, 429, 503),
    },
  }),
  listItems: describe({
    id: "listConversationItems",
    summary: "List the items of a conversation",
    parameters: [ofId, ...itemQuery.documented],
    responses: {
      200: jsonResponse("One page of them.", "ItemList", examples.list),
      ...failureResponses(400, 401, 403, 404, 503),
    },
  }),
  retrieveItem: describe({
    id: "retrieveConversationItem",
    summary: "Look an item up",
    parameters: [ofId, ofItem],
    responses: {
      200: jsonResponse("The item.", "StoredItem", examples.item),
      ...failureResponses(400, 401, 403, 404, 503),
    },
  }),
  removeItem: describe({
    id: "deleteConversationItem",
    summary: "Delete an item",
    parameters: [ofId, ofItem],
    responses: {
      200: jsonResponse("The conversation that it was in.", "Conversation", examples.conversation),
      ...failureResponses(400, 401, 403, 404, 429, 503),
    },
  }),
};
