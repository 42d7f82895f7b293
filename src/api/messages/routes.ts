import { Elysia } from "elysia";
import { collectBlocks } from "../../core/collect-blocks.ts";
import { createId } from "../../core/ids.ts";
import { untilFirst } from "../../core/stream.ts";
import { jsonBody } from "../../http/body.ts";
import { type Call, callOf } from "../../http/call.ts";
import { anthropic } from "../../http/protocols/anthropic.ts";
import { sse } from "../../http/sse.ts";
import { checked } from "../../http/validation.ts";
import type { SurfaceDeps } from "../common/deps.ts";
import { createFailureResponses, documented, generatedAnswer, jsonResponse } from "../common/detail.ts";
import { effectHeaders } from "../common/effect-headers.ts";
import { refuseTooMany } from "../common/refuse-too-many.ts";
import { type Decoded, decode } from "./decode.ts";
import { encode } from "./encode.ts";
import { encodeStream, ping } from "./encode-stream.ts";
import { messageExamples } from "./examples.ts";
import { toOurNames } from "./field-names.ts";
import { refuseIgnored } from "./refuse-ignored.ts";
import { CountTokensRequest, MessageRequest } from "./schema.ts";
import { showThinking } from "./show-thinking.ts";

/** Anthropic's Messages API. */
export function messageRoutes(deps: SurfaceDeps) {
  const refusesTooMany = (body: object) => refuseTooMany(body, deps.maxMessages);
  return new Elysia({ name: "messages", normalize: false })
    .post(
      "/v1/messages",
      async ({ body, request }) => {
        const call = callOf(request);
        call.holdOpen();
        const decoded = decode(body);
        if (deps.strict) refuseIgnored(decoded.ignored);
        try {
          return await answer(decoded, call, deps);
        } catch (error) {
          throw decoded.names.reworded(error);
        }
      },
      {
        parse: [jsonBody(deps.bodyLimits)],
        body: checked(MessageRequest, refusesTooMany),
        detail: documented(createDetail),
      },
    )
    .post(
      "/v1/messages/count_tokens",
      async ({ body, request }) => {
        const call = callOf(request);
        call.holdOpen();
        const decoded = decode(body);
        try {
          return Response.json({ input_tokens: await deps.countTokens(decoded.request, call) });
        } catch (error) {
          throw decoded.names.reworded(error);
        }
      },
      {
        parse: [jsonBody(deps.bodyLimits)],
        body: checked(CountTokensRequest, refusesTooMany),
        detail: documented(countTokensDetail),
      },
    );
}

async function answer(
  { request, ignored, names, thinking }: Decoded,
  call: Call,
  deps: SurfaceDeps,
): Promise<Response> {
  const generating = await deps.generate([request], call, { usage: true });
  const header = { id: createId("msg_", 24), model: generating.model };
  const headers = effectHeaders({
    ignored: [...ignored, ...toOurNames(generating.ignored)],
    assumed: generating.assumed,
  });
  const events = showThinking(generating.events, thinking);
  if (!request.stream) return Response.json(encode(await collectBlocks(events), header), { headers });

  const inputTokens = generating.promptTokens();
  const head = await untilFirst(events, deps.headStartMs);
  const frames = encodeStream(head.items, header, {
    requestId: call.requestId,
    inputTokens,
    reworded: names.reworded,
  });
  return sse(frames, call, { ...deps.stream, keepAliveFrame: ping, headers });
}

const failureResponses = createFailureResponses("MessageError", anthropic);

const createDetail = {
  tag: "Messages",
  id: "createMessage",
  summary: "Answer a conversation",
  description:
    "Anthropic's Messages API, for models and agents. Answers in one piece, or as server-sent events with `stream: true`. Nothing is stored. Fields that have no effect are named in the `x-oai-serve-ignored-params` header.",
  request: { schema: "MessageRequest", examples: messageExamples.requests },
  responses: {
    200: generatedAnswer({
      description: "The answer; with `stream: true` as server-sent events that end in `message_stop`.",
      whole: "Message",
      chunk: "MessageEvent",
      examples: messageExamples,
      headers: {
        "request-id": { description: "The same as `x-request-id`.", schema: { type: "string" } },
      },
    }),
    ...failureResponses(400, 401, 403, 404, 413, 429, 502, 503, 504),
  },
} as const;

const countTokensDetail = {
  tag: "Messages",
  id: "countMessageTokens",
  summary: "Count the tokens of a conversation",
  description: "As many as `usage` would have as input tokens. No answer is generated.",
  request: { schema: "CountTokensRequest", examples: messageExamples.countRequests },
  responses: {
    200: jsonResponse("The count.", "TokenCount", { input_tokens: 12 }),
    ...failureResponses(400, 401, 403, 404, 413, 503),
  },
} as const;
