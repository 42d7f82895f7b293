import { Type } from "@sinclair/typebox";
import { documented, failureResponses, generationResponses, jsonResponse } from "../common/detail.ts";
import { createListQuery, createQuery } from "../common/query.ts";
import { responseExamples } from "./examples.ts";

const idParameter = {
  name: "response_id",
  in: "path",
  required: true,
  schema: { type: "string" },
  example: "resp_67c9fdcecf488190bdd9a0409de3a1ec07b8b0ad4e5eb654",
} as const;

export const listQuery = createListQuery({ order: "desc" });
export const retrieveQuery = createQuery({
  stream: Type.Optional(
    Type.Boolean({ description: "Of a response in the background: its events, also while they come." }),
  ),
  starting_after: Type.Optional(
    Type.Integer({ minimum: -1, description: "Number of the last event that is known already." }),
  ),
});

export const createDetail = documented({
  tag: "Responses",
  id: "createResponse",
  summary: "Answer with items",
  description:
    "Items in, items out: in one piece, as server-sent events with `stream: true`, or in the background. Hosted tools, items of them and fields without effect are accepted and named in the `x-oai-serve-ignored-params` header.",
  request: { schema: "ResponseRequest", examples: responseExamples.requests },
  responses: generationResponses("Response", "ResponseStreamEvent", responseExamples, {
    "x-conversation-id": {
      description: "Id of the agent's conversation, where the request names it as in chat.",
      schema: { type: "string" },
    },
  }),
});

export const countDetail = documented({
  tag: "Responses",
  id: "countInputTokens",
  summary: "Count the tokens of an input",
  description: "As the usage of an answer would count them; nothing is generated.",
  request: { schema: "InputTokensRequest", examples: responseExamples.prompts },
  responses: {
    200: jsonResponse("How many tokens it has.", "InputTokens", {
      object: "response.input_tokens",
      input_tokens: 8,
    }),
    ...failureResponses(400, 401, 403, 404, 413, 502, 503, 504),
  },
});

export const compactDetail = documented({
  tag: "Responses",
  id: "compactResponse",
  summary: "Make a conversation shorter",
  description:
    "The model summarises what was said. The answer is an input to go on with: the messages of the user, and an item that stands for all the rest. Its `encrypted_content` is the summary in base64.",
  request: { schema: "CompactRequest", examples: responseExamples.prompts },
  responses: {
    200: jsonResponse("The shorter conversation.", "CompactedResponse", responseExamples.compacted),
    ...failureResponses(400, 401, 403, 404, 413, 429, 502, 503, 504),
  },
});

export const retrieveDetail = documented({
  tag: "Responses",
  id: "retrieveResponse",
  summary: "Look a response up",
  description:
    "Responses are kept unless `store` is false, until they expire or are pushed out by newer ones.",
  parameters: [idParameter, ...retrieveQuery.documented],
  responses: {
    200: {
      description: "The response; with `stream=true`, its events, which end in `data: [DONE]`.",
      content: {
        "application/json": {
          schema: { $ref: "#/components/schemas/Response" },
          example: responseExamples.response,
        },
        "text/event-stream": {
          schema: { $ref: "#/components/schemas/ResponseStreamEvent" },
          example: responseExamples.stream,
        },
      },
    },
    ...failureResponses(400, 401, 403, 404, 503),
  },
});

export const deleteDetail = documented({
  tag: "Responses",
  id: "deleteResponse",
  summary: "Delete a response",
  description: "Those that went on from it stay, and know no more what came before.",
  parameters: [idParameter],
  responses: {
    200: jsonResponse("It is gone.", "DeletedResponse", {
      id: idParameter.example,
      object: "response",
      deleted: true,
    }),
    ...failureResponses(400, 401, 403, 404, 503),
  },
});

export const cancelDetail = documented({
  tag: "Responses",
  id: "cancelResponse",
  summary: "Cancel a response in the background",
  description: "What has come of it stays. One that has ended is left as it is.",
  parameters: [idParameter],
  responses: {
    200: jsonResponse("The response as it is now.", "Response", responseExamples.response),
    ...failureResponses(400, 401, 403, 404, 503),
  },
});

export const listInputDetail = documented({
  tag: "Responses",
  id: "listInputItems",
  summary: "List the input of a response",
  parameters: [idParameter, ...listQuery.documented],
  responses: {
    200: jsonResponse("One page of its items.", "ItemList", responseExamples.items),
    ...failureResponses(400, 401, 403, 404, 503),
  },
});
