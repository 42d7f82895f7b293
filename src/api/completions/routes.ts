import { Elysia } from "elysia";
import { collect } from "../../core/collect.ts";
import { ServeError } from "../../core/error.ts";
import type { GenerationRequest } from "../../core/generation.ts";
import { untilFirst } from "../../core/stream.ts";
import { jsonBody } from "../../http/body.ts";
import { callOf } from "../../http/call.ts";
import { checked } from "../../http/validation.ts";
import { sse } from "../../http/sse.ts";
import type { SurfaceDeps } from "../common/deps.ts";
import { documented, generationResponses } from "../common/detail.ts";
import { createHeader } from "../common/header.ts";
import { effectHeaders } from "../common/effect-headers.ts";
import { refuseLikeOpenai } from "../common/strict.ts";
import { decode } from "./decode.ts";
import { encode } from "./encode.ts";
import { encodeStream } from "./encode-stream.ts";
import { completionExamples } from "./examples.ts";
import { CompletionRequest } from "./schema.ts";

export function completionRoutes(deps: SurfaceDeps) {
  return new Elysia({ name: "completions", normalize: false }).post(
    "/v1/completions",
    async ({ body, request }) => {
      const call = callOf(request);
      call.holdOpen();
      if (deps.strict) refuseLikeOpenai(body);
      const isStream = body.stream === true;
      const includeUsage = isStream && body.stream_options?.include_usage === true;

      const generating = await deps.generate(decode(body), call, { usage: !isStream || includeUsage });
      const header = createHeader("cmpl-", generating.model);
      const headers = effectHeaders(generating);
      const options = {
        prompts: generating.requests.map((prompted) => promptText(prompted, body.echo === true)),
        choicesPerPrompt: body.n ?? 1,
        echo: body.echo === true,
        logprobs: body.logprobs != null,
      };
      if (!isStream)
        return Response.json(encode(await collect(generating.events), header, options), { headers });

      const head = await untilFirst(generating.events, deps.headStartMs);
      const frames = encodeStream(head.items, header, {
        ...options,
        includeUsage,
        headStart: !head.started,
      });
      return sse(frames, call, { ...deps.stream, headers });
    },
    {
      parse: [jsonBody(deps.bodyLimits)],
      body: checked(CompletionRequest),
      detail: documented({
        tag: "Completions",
        id: "createCompletion",
        summary: "Continue a text",
        description: "The older API: a prompt in, its continuation out. Streamed with `stream: true`.",
        request: { schema: "CompletionRequest", examples: completionExamples.requests },
        responses: generationResponses("Completion", "CompletionChunk", completionExamples),
      }),
    },
  );
}

function promptText(request: GenerationRequest, isNeeded: boolean): string {
  if (request.prompt.kind === "text") return request.prompt.text;
  if (!isNeeded) return "";
  throw new ServeError("invalid_request", "'echo' is not supported for prompts of token ids by this model.", {
    code: "unsupported_parameter",
    param: "echo",
  });
}
