import { Type } from "@sinclair/typebox";
import { Elysia } from "elysia";
import { ServeError } from "../../core/error.ts";
import { jsonBody } from "../../http/body.ts";
import { type Call, callOf } from "../../http/call.ts";
import { sse } from "../../http/sse.ts";
import { checked } from "../../http/validation.ts";
import type { SurfaceDeps } from "../common/deps.ts";
import { documented, failureResponses, generationResponses, jsonResponse } from "../common/detail.ts";
import { jsonAnswer } from "../common/encode-list.ts";
import { createListQuery, createQuery } from "../common/query.ts";
import { refuseLikeOpenai } from "../common/strict.ts";
import { createInBackground } from "./background/create.ts";
import { endRun, readLiving } from "./background/end-run.ts";
import { replay } from "./background/replay.ts";
import { createRuns } from "./background/runs.ts";
import { compact } from "./compact.ts";
import { createNow } from "./create.ts";
import { decode, refuseTooMany } from "./decode.ts";
import type { ResponseDeps } from "./deps.ts";
import { responseExamples } from "./examples.ts";
import { countWithOurNames, withOurNames } from "./field-names.ts";
import { countInput } from "./input-tokens.ts";
import { readHead } from "./layout.ts";
import { CompactRequest, InputTokensRequest, ResponseRequest } from "./schema.ts";
import { deleteResponse, keyInPath, listInput, storedResponse } from "./stored.ts";

const idParameter = {
  name: "response_id",
  in: "path",
  required: true,
  schema: { type: "string" },
  example: "resp_67c9fdcecf488190bdd9a0409de3a1ec07b8b0ad4e5eb654",
} as const;

const listQuery = createListQuery({ order: "desc" });
const retrieveQuery = createQuery({
  stream: Type.Optional(
    Type.Boolean({ description: "Of a response in the background: its events, also while they come." }),
  ),
  starting_after: Type.Optional(
    Type.Integer({ minimum: -1, description: "Number of the last event that is known already." }),
  ),
});

export function responseRoutes(given: SurfaceDeps) {
  const deps: ResponseDeps = {
    ...given,
    generate: withOurNames(given.generate),
    countTokens: countWithOurNames(given.countTokens),
    runs: createRuns(given.records),
  };
  const { records } = deps;
  const parse = [jsonBody(deps.bodyLimits)];
  const precheck = (body: Parameters<typeof refuseTooMany>[0]) => refuseTooMany(body, deps.maxMessages);
  return new Elysia({ name: "responses", normalize: false })
    .post(
      "/v1/responses",
      async ({ body, request }) => {
        const call = callOf(request);
        call.holdOpen();
        if (deps.strict) refuseLikeOpenai(body);
        const create = body.background === true ? createInBackground : createNow;
        return await create({ body, headers: request.headers, decoded: decode(body) }, call, deps);
      },
      {
        parse,
        body: checked(ResponseRequest, precheck),
        detail: documented({
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
        }),
      },
    )
    .post(
      "/v1/responses/input_tokens",
      async ({ body, request }) => {
        const call = callOf(request);
        call.holdOpen();
        const tokens = await countInput(body, call, deps);
        return Response.json({ object: "response.input_tokens", input_tokens: tokens });
      },
      {
        parse,
        body: checked(InputTokensRequest, precheck),
        detail: documented({
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
        }),
      },
    )
    .post(
      "/v1/responses/compact",
      async ({ body, request }) => {
        const call = callOf(request);
        call.holdOpen();
        return Response.json(await compact(body, call, deps));
      },
      {
        parse,
        body: checked(CompactRequest, precheck),
        detail: documented({
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
        }),
      },
    )
    .get(
      "/v1/responses/:id",
      async ({ params, request }) => {
        const call = callOf(request);
        const query = retrieveQuery.decode(request);
        const record = await readLiving(keyInPath(params.id, call), records);
        if (query.stream !== true) return jsonAnswer(storedResponse(record));
        call.holdOpen();
        if (readHead(record).run === undefined)
          throw notInBackground("Its events are not told again.", "stream");
        const frames = replay(
          { record, after: query.starting_after ?? -1, signal: call.signal },
          { records, runs: deps.runs },
        );
        return sse(frames, call, { ...deps.stream, headers: {} });
      },
      {
        detail: documented({
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
        }),
      },
    )
    .delete(
      "/v1/responses/:id",
      async ({ params, request }) => {
        const key = keyInPath(params.id, callOf(request));
        await deleteResponse(key, records);
        await deps.runs.cancel(key);
        return Response.json({ id: key.id, object: "response", deleted: true });
      },
      {
        detail: documented({
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
        }),
      },
    )
    .post(
      "/v1/responses/:id/cancel",
      async ({ params, request }) => jsonAnswer(await cancel(params.id, callOf(request), deps)),
      {
        detail: documented({
          tag: "Responses",
          id: "cancelResponse",
          summary: "Cancel a response in the background",
          description: "What has come of it stays. One that has ended is left as it is.",
          parameters: [idParameter],
          responses: {
            200: jsonResponse("The response as it is now.", "Response", responseExamples.response),
            ...failureResponses(400, 401, 403, 404, 503),
          },
        }),
      },
    )
    .get(
      "/v1/responses/:id/input_items",
      async ({ params, request }) => {
        const key = keyInPath(params.id, callOf(request));
        return jsonAnswer(await listInput(key, listQuery.decode(request), records));
      },
      {
        detail: documented({
          tag: "Responses",
          id: "listInputItems",
          summary: "List the input of a response",
          parameters: [idParameter, ...listQuery.documented],
          responses: {
            200: jsonResponse("One page of its items.", "ItemList", responseExamples.items),
            ...failureResponses(400, 401, 403, 404, 503),
          },
        }),
      },
    );
}

async function cancel(id: string, call: Call, { records, runs }: ResponseDeps): Promise<string> {
  const key = keyInPath(id, call);
  const record = await readLiving(key, records);
  if (readHead(record).run === undefined) throw notInBackground("It cannot be cancelled.");
  await runs.cancel(key);
  return storedResponse(await endRun(key, { kind: "cancelled" }, records));
}

function notInBackground(what: string, param?: string): ServeError {
  return new ServeError("invalid_request", `The response is not one in the background. ${what}`, {
    ...(param !== undefined && { param, code: "invalid_value" }),
  });
}
