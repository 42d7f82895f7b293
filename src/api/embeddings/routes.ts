import { Elysia } from "elysia";
import type { Embed } from "../../core/generate.ts";
import { type BodyLimits, jsonBody } from "../../http/body.ts";
import { callOf } from "../../http/call.ts";
import { streamed, type StreamedOptions } from "../../http/streamed.ts";
import { checked } from "../../http/validation.ts";
import { documented, failureResponses, jsonResponse } from "../common/detail.ts";
import { effectHeaders } from "../common/effect-headers.ts";
import { decode } from "./decode.ts";
import { encode } from "./encode.ts";
import { embeddingExamples } from "./examples.ts";
import { CreateEmbeddingRequest } from "./schema.ts";

export interface EmbeddingDeps {
  embed: Embed;
  bodyLimits: BodyLimits;
  stream: Pick<StreamedOptions, "stallMs">;
}

export function embeddingRoutes(deps: EmbeddingDeps) {
  return new Elysia({ name: "embeddings", normalize: false }).post(
    "/v1/embeddings",
    async ({ body, request }) => {
      const call = callOf(request);
      call.holdOpen();
      const embedded = await deps.embed(decode(body), call);
      return streamed(await encode(embedded, body.encoding_format ?? "float"), call, {
        stallMs: deps.stream.stallMs,
        headers: { "content-type": "application/json", ...effectHeaders(embedded) },
      });
    },
    {
      parse: [jsonBody(deps.bodyLimits)],
      body: checked(CreateEmbeddingRequest),
      detail: documented({
        tag: "Embeddings",
        id: "createEmbedding",
        summary: "Turn texts into vectors",
        description:
          "For models that embed. Token ids are decoded with the model's configured encoding where the model takes text.",
        request: { schema: "CreateEmbeddingRequest", examples: embeddingExamples.requests },
        responses: {
          200: jsonResponse(
            "One vector for each input, in order.",
            "CreateEmbeddingResponse",
            embeddingExamples.response,
          ),
          ...failureResponses(400, 401, 403, 404, 413, 429, 502, 503, 504),
        },
      }),
    },
  );
}
