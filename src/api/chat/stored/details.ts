import { documented, failureResponses, jsonResponse, type RouteDescription } from "../../common/detail.ts";
import { chatExamples } from "../examples.ts";
import { documentedMetadata, modelQuery, pageQuery } from "./query.ts";

const { id } = chatExamples.response;
const stored = { ...chatExamples.response, metadata: { topic: "demo" } };
const message = {
  refusal: null,
  role: "user",
  id: `${id}-0`,
  content: "Hello, how are you?",
  name: null,
  content_parts: null,
};

const ofId = {
  name: "completion",
  in: "path",
  required: true,
  schema: { type: "string" },
  example: id,
} as const;

function page(example: { id: string }) {
  return { object: "list", data: [example], first_id: example.id, last_id: example.id, has_more: false };
}

function describe(route: Omit<RouteDescription, "tag">) {
  return documented({ tag: "Chat", ...route });
}

/** What the documentation says of each route. */
export const storedDetails = {
  list: describe({
    id: "listChatCompletions",
    summary: "List stored answers",
    description: "Those of the caller's key that were asked for with `store: true`.",
    parameters: [...pageQuery.documented, ...modelQuery.documented, ...documentedMetadata],
    responses: {
      200: jsonResponse("One page of them.", "ChatCompletionList", page(stored)),
      ...failureResponses(400, 401, 403, 503),
    },
  }),
  retrieve: describe({
    id: "retrieveChatCompletion",
    summary: "Look a stored answer up",
    parameters: [ofId],
    responses: {
      200: jsonResponse(
        "The answer as it was given, with what the client noted down.",
        "ChatCompletion",
        stored,
      ),
      ...failureResponses(400, 401, 403, 404, 503),
    },
  }),
  update: describe({
    id: "updateChatCompletion",
    summary: "Change what is noted down with a stored answer",
    parameters: [ofId],
    request: {
      schema: "MetadataUpdate",
      examples: { topic: { summary: "A topic", value: { metadata: { topic: "demo" } } } },
    },
    responses: {
      200: jsonResponse("The answer as it is stored now.", "ChatCompletion", stored),
      ...failureResponses(400, 401, 403, 404, 413, 503),
    },
  }),
  remove: describe({
    id: "deleteChatCompletion",
    summary: "Delete a stored answer",
    parameters: [ofId],
    responses: {
      200: jsonResponse("It is not there any more.", "ChatCompletionDeleted", {
        object: "chat.completion.deleted",
        id,
        deleted: true,
      }),
      ...failureResponses(400, 401, 403, 404, 503),
    },
  }),
  messages: describe({
    id: "listChatCompletionMessages",
    summary: "List the messages that a stored answer answers",
    parameters: [ofId, ...pageQuery.documented],
    responses: {
      200: jsonResponse("One page of them.", "ChatCompletionMessageList", page(message)),
      ...failureResponses(400, 401, 403, 404, 503),
    },
  }),
};
