import { Elysia } from "elysia";
import { collect } from "../../core/collect.ts";
import { untilFirst } from "../../core/stream.ts";
import { jsonBody } from "../../http/body.ts";
import { callOf } from "../../http/call.ts";
import { sse } from "../../http/sse.ts";
import type { SurfaceDeps } from "../common/deps.ts";
import { documented, generationResponses } from "../common/detail.ts";
import { createHeader } from "../common/header.ts";
import { ignoredHeader } from "../common/ignored.ts";
import { decode, refuseTooMany, usesFunctions } from "./decode.ts";
import { encode } from "./encode.ts";
import { encodeStream } from "./encode-stream.ts";
import { chatExamples } from "./examples.ts";
import { ChatCompletionRequest } from "./schema.ts";

export function chatRoutes(deps: SurfaceDeps) {
  return new Elysia({ name: "chat", normalize: false }).post(
    "/v1/chat/completions",
    async ({ body, request }) => {
      const call = callOf(request);
      call.holdOpen();
      const isStream = body.stream === true;
      const includeUsage = isStream && body.stream_options?.include_usage === true;
      const options = { functions: usesFunctions(body), logprobs: body.logprobs === true };
      const generation = decode(body);

      const dispatched = await deps.generate([generation], call, { usage: !isStream || includeUsage });
      const header = createHeader("chatcmpl-", dispatched.model);
      const headers = ignoredHeader(dispatched.ignored);
      if (!isStream)
        return Response.json(encode(await collect(dispatched.events), header, options), { headers });

      const head = await untilFirst(dispatched.events, deps.headStartMs);
      const frames = encodeStream(head.items, header, {
        ...options,
        includeUsage,
        choices: generation.choices,
        headStart: !head.started,
      });
      return sse(frames, call, { keepAliveMs: deps.keepAliveMs, headers });
    },
    {
      parse: [
        jsonBody(ChatCompletionRequest, deps.bodyLimits, (body) => refuseTooMany(body, deps.maxMessages)),
      ],
      body: ChatCompletionRequest,
      detail: documented({
        tag: "Chat",
        id: "createChatCompletion",
        summary: "Answer a conversation",
        description:
          "Answers in one piece, or as server-sent events with `stream: true`. Fields that are unknown or have no effect on the backend are accepted and named in the `x-oai-serve-ignored-params` header.",
        request: { schema: "ChatCompletionRequest", examples: chatExamples.requests },
        responses: generationResponses("ChatCompletion", "ChatCompletionChunk", chatExamples),
      }),
    },
  );
}
