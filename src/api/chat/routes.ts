import { Elysia } from "elysia";
import { collect } from "../../core/collect.ts";
import { untilFirst } from "../../core/stream.ts";
import { jsonBody } from "../../http/body.ts";
import { callOf } from "../../http/call.ts";
import { checked } from "../../http/validation.ts";
import { sse } from "../../http/sse.ts";
import type { SurfaceDeps } from "../common/deps.ts";
import { documented, generationResponses } from "../common/detail.ts";
import { createHeader } from "../common/header.ts";
import { effectHeaders } from "../common/effect-headers.ts";
import { given } from "../common/sampling.ts";
import { refuseTooMany } from "../common/refuse-too-many.ts";
import { refuseLikeOpenai } from "../common/strict.ts";
import { decode, usesFunctions } from "./decode.ts";
import { encode } from "./encode.ts";
import { encodeStream } from "./encode-stream.ts";
import { chatExamples } from "./examples.ts";
import { ChatCompletionRequest } from "./schema.ts";
import { openTurn } from "./turn.ts";

export function chatRoutes(deps: SurfaceDeps) {
  return new Elysia({ name: "chat", normalize: false }).post(
    "/v1/chat/completions",
    async ({ body, request }) => {
      const call = callOf(request);
      call.holdOpen();
      if (deps.strict) refuseLikeOpenai(body);
      const isStream = body.stream === true;
      const includeUsage = isStream && body.stream_options?.include_usage === true;
      const generation = decode(body);
      const turn = await openTurn(
        generation,
        { body, headers: request.headers },
        { conversations: deps.conversations, call },
      );
      const options = {
        functions: usesFunctions(body),
        logprobs: body.logprobs === true,
        ...given("conversationId", turn.conversationId),
      };
      try {
        const asked = await turn.ask(
          (inTurn) => deps.generate([inTurn], call, { usage: !isStream || includeUsage }),
          deps.headStartMs,
        );
        const header = createHeader("chatcmpl-", asked.model);
        const headers = { ...effectHeaders(asked), ...turn.headers };
        if (!isStream)
          return Response.json(encode(await collect(asked.events), header, options), { headers });

        const head = await untilFirst(asked.events, asked.headStartMs);
        const frames = encodeStream(head.items, header, {
          ...options,
          includeUsage,
          choices: generation.choices,
          headStart: !head.started,
        });
        return sse(frames, call, { ...deps.stream, headers });
      } catch (error) {
        turn.close();
        throw error;
      }
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
