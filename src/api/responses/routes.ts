import { Elysia } from "elysia";
import { jsonBody } from "../../http/body.ts";
import { callOf } from "../../http/call.ts";
import { checked } from "../../http/validation.ts";
import type { SurfaceDeps } from "../common/deps.ts";
import { documented, generationResponses } from "../common/detail.ts";
import { refuseLikeOpenai } from "../common/strict.ts";
import { createResponse } from "./create.ts";
import { refuseTooMany } from "./decode.ts";
import { responseExamples } from "./examples.ts";
import { withOurNames } from "./field-names.ts";
import { ResponseRequest } from "./schema.ts";

export function responseRoutes(given: SurfaceDeps) {
  const deps = { ...given, generate: withOurNames(given.generate) };
  return new Elysia({ name: "responses", normalize: false }).post(
    "/v1/responses",
    async ({ body, request }) => {
      const call = callOf(request);
      call.holdOpen();
      if (deps.strict) refuseLikeOpenai(body);
      return await createResponse(body, call, deps);
    },
    {
      parse: [jsonBody(deps.bodyLimits)],
      body: checked(ResponseRequest, (body) => refuseTooMany(body, deps.maxMessages)),
      detail: documented({
        tag: "Responses",
        id: "createResponse",
        summary: "Answer with items",
        description:
          "Items in, items out: in one piece, as server-sent events with `stream: true`, or in the background. Hosted tools, items of them and fields without effect are accepted and named in the `x-oai-serve-ignored-params` header.",
        request: { schema: "ResponseRequest", examples: responseExamples.requests },
        responses: generationResponses("Response", "ResponseStreamEvent", responseExamples),
      }),
    },
  );
}
