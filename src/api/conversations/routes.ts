import { Elysia } from "elysia";
import { jsonBody, optionalJsonBody } from "../../http/body.ts";
import { checked } from "../../http/validation.ts";
import { MetadataUpdate } from "../common/fields.ts";
import { details } from "./details.ts";
import { conversationHandlers, type ConversationSurfaceDeps } from "./handlers.ts";
import { AddItemsRequest, CreateConversationRequest } from "./schema.ts";

export function conversationRoutes(deps: ConversationSurfaceDeps) {
  const { bodyLimits } = deps;
  const parse = [jsonBody(bodyLimits)];
  const handle = conversationHandlers(deps);
  return new Elysia({ name: "conversations", normalize: false })
    .post("/v1/conversations", handle.create, {
      // The official clients send no body where there is nothing to say.
      parse: [optionalJsonBody(bodyLimits)],
      body: checked(CreateConversationRequest),
      detail: details.create,
    })
    .get("/v1/conversations/:id", handle.retrieve, { detail: details.retrieve })
    .post("/v1/conversations/:id", handle.update, {
      parse,
      body: checked(MetadataUpdate),
      detail: details.update,
    })
    .delete("/v1/conversations/:id", handle.remove, { detail: details.remove })
    .post("/v1/conversations/:id/items", handle.addItems, {
      parse,
      body: checked(AddItemsRequest),
      detail: details.addItems,
    })
    .get("/v1/conversations/:id/items", handle.listItems, { detail: details.listItems })
    .get("/v1/conversations/:id/items/:item", handle.retrieveItem, { detail: details.retrieveItem })
    .delete("/v1/conversations/:id/items/:item", handle.removeItem, { detail: details.removeItem });
}
