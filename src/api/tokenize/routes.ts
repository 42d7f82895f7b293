import { Elysia } from "elysia";
import { ServeError } from "../../core/error.ts";
import { type BodyLimits, jsonBody } from "../../http/body.ts";
import { callOf } from "../../http/call.ts";
import { streamed, type StreamedOptions } from "../../http/streamed.ts";
import { checked } from "../../http/validation.ts";
import { documented, failureResponses, jsonResponse } from "../common/detail.ts";
import { given } from "../common/sampling.ts";
import { decodeText } from "./decode.ts";
import { encode } from "./encode.ts";
import { DetokenizeRequest, TokenizeRequest } from "./schema.ts";

/** Tokens of a model, by the encoding that is configured for it; an empty id is the default model. */
export interface TokenizeDeps {
  /** `param` is the field that the text comes from. */
  tokenize(
    model: string,
    text: string,
    param: string,
  ): Promise<{ tokens: Uint32Array<ArrayBuffer>; contextTokens?: number }>;
  /** The text of each token. */
  spell(model: string, tokens: Uint32Array<ArrayBuffer>): Promise<readonly string[]>;
  /** The text of all of them. */
  detokenize(model: string, tokens: readonly number[]): Promise<string>;
  bodyLimits: BodyLimits;
  stream: Pick<StreamedOptions, "stallMs">;
}

/** As vLLM has them. */
export function tokenizeRoutes(deps: TokenizeDeps) {
  return new Elysia({ name: "tokenize", normalize: false })
    .post(
      "/v1/tokenize",
      async ({ body, request }) => {
        const call = callOf(request);
        call.holdOpen();
        const model = body.model ?? "";
        const { text, param } = decodeText(body);
        const tokenized = await deps.tokenize(model, text, param);
        const texts =
          body.return_token_strs === true ? await spell(deps, model, tokenized.tokens) : undefined;
        return streamed(encode({ ...tokenized, ...given("texts", texts) }), call, {
          stallMs: deps.stream.stallMs,
          headers: { "content-type": "application/json" },
        });
      },
      {
        parse: [jsonBody(deps.bodyLimits)],
        body: checked(TokenizeRequest),
        detail: documented({
          tag: "Tokens",
          id: "tokenize",
          summary: "Turn a text into tokens",
          description:
            "With the encoding that is configured for the model (`token_model`), not the server's own.",
          request: {
            schema: "TokenizeRequest",
            examples: { simple: { summary: "A text", value: { prompt: "Hello, world" } } },
          },
          responses: {
            200: jsonResponse("The tokens.", "TokenizeResponse", {
              count: 3,
              max_model_len: null,
              tokens: [9906, 11, 1917],
              token_strs: null,
            }),
            ...failureResponses(400, 401, 403, 404, 413, 503),
          },
        }),
      },
    )
    .post(
      "/v1/detokenize",
      async ({ body, request }) => {
        callOf(request).holdOpen();
        return Response.json({ prompt: await deps.detokenize(body.model ?? "", body.tokens) });
      },
      {
        parse: [jsonBody(deps.bodyLimits)],
        body: checked(DetokenizeRequest),
        detail: documented({
          tag: "Tokens",
          id: "detokenize",
          summary: "Turn tokens into their text",
          request: {
            schema: "DetokenizeRequest",
            examples: { simple: { summary: "Three tokens", value: { tokens: [9906, 11, 1917] } } },
          },
          responses: {
            200: jsonResponse("The text.", "DetokenizeResponse", { prompt: "Hello, world" }),
            ...failureResponses(400, 401, 403, 404, 413, 503),
          },
        }),
      },
    );
}

/** More tokens than that are not spelt out one by one. */
const maxSpelt = 16_384;

async function spell(
  deps: TokenizeDeps,
  model: string,
  tokens: Uint32Array<ArrayBuffer>,
): Promise<readonly string[]> {
  if (tokens.length <= maxSpelt) return await deps.spell(model, tokens);
  throw new ServeError("invalid_request", `'return_token_strs' is for texts of up to ${maxSpelt} tokens.`, {
    code: "invalid_value",
    param: "return_token_strs",
  });
}
