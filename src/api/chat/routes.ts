import { Elysia } from "elysia";
import { jsonBody } from "../../http/body.ts";
import { callOf } from "../../http/call.ts";
import { checked } from "../../http/validation.ts";
import type { SurfaceDeps } from "../common/deps.ts";
import { documented, generationResponses } from "../common/detail.ts";
import { MetadataUpdate } from "../common/fields.ts";
import { refuseTooMany } from "../common/refuse-too-many.ts";
import { refuseLikeOpenai } from "../common/strict.ts";
import { createCompletion } from "./create.ts";
import { chatExamples } from "./examples.ts";
import { ChatCompletionRequest } from "./schema.ts";
import { storedDetails } from "./stored/details.ts";
import { storedHandlers } from "./stored/handlers.ts";

export function chatRoutes(deps: SurfaceDeps) {
  return new Elysia({ name: "chat", normalize: false }).use(createRoute(deps)).use(storedRoutes(deps));
}

function createRoute(deps: SurfaceDeps) {
  return new Elysia({ normalize: false }).post(
    "/v1/chat/completions",
    async ({ body, request }) => {
      const call = callOf(request);
      call.holdOpen();
      if (deps.strict) refuseLikeOpenai(body);
      return await createCompletion(body, { call, headers: request.headers }, deps);
    },
    {
      parse: [jsonBody(deps.bodyLimits)],
      body: checked(ChatCompletionRequest, (body) => refuseTooMany(body, deps.maxMessages)),
      detail: documented({
        tag: "Chat",
        id: "createChatCompletion",
        summary: "Answer a conversation",
        description:
          "Answers in one piece, or as server-sent events with `stream: true`. Fields that are unknown or have no effect on the backend are accepted and named in the `x-oai-serve-ignored-params` header.",
        request: { schema: "ChatCompletionRequest", examples: chatExamples.requests },
        responses: generationResponses("ChatCompletion", "ChatCompletionChunk", chatExamples, {
          "x-conversation-id": {
            description: "Id of the conversation; absent where there is none.",
            schema: { type: "string" },
          },
        }),
      }),
    },
  );
}

/** What was asked for with `store: true`. */
function storedRoutes({ records, bodyLimits }: SurfaceDeps) {
  const stored = storedHandlers(records);
  return new Elysia({ normalize: false })
    .get("/v1/chat/completions", stored.list, { detail: storedDetails.list })
    .get("/v1/chat/completions/:completion", stored.retrieve, { detail: storedDetails.retrieve })
    .post("/v1/chat/completions/:completion", stored.update, {
      parse: [jsonBody(bodyLimits)],
      body: checked(MetadataUpdate),
      detail: storedDetails.update,
    })
    .delete("/v1/chat/completions/:completion", stored.remove, { detail: storedDetails.remove })
    .get("/v1/chat/completions/:completion/messages", stored.messages, { detail: storedDetails.messages });
}
