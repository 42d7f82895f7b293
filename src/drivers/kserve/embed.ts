import type { CallContext, EmbeddingRequest, EmbeddingResult } from "../../core/generation.ts";
import { callMetadata } from "./call-metadata.ts";
import { decodeInferResponse, decodeStreamInferResponse } from "./codec/decode.ts";
import { encodeInferRequest } from "./codec/encode.ts";
import type { InferResponse } from "./codec/messages.ts";
import type { EmbeddingDialect } from "./dialects/dialect.ts";
import { embedCallsAtOnce, type KserveModel, noAdapter, notText } from "./model.ts";
import { rpcPath } from "./service.ts";
import { toServeError, toStreamFailure } from "./status.ts";
import type { Transport } from "./transport/transport.ts";

/** Embeds each input by a call of its own, several at once. Rejects with `ServeError`. */
export async function embed(
  request: EmbeddingRequest,
  model: KserveModel,
  context: CallContext,
  transport: Transport,
): Promise<EmbeddingResult> {
  const { embeddings } = model.dialect;
  if (embeddings === undefined) throw notText();
  if (model.settings.lora !== undefined) throw noAdapter();
  const vectors: Float32Array[] = [];
  const waiting = request.inputs.entries();
  const controller = new AbortController();
  const signal = AbortSignal.any([context.signal, controller.signal]);
  const work = async () => {
    for (const [position, input] of waiting) {
      const message = encodeInferRequest(
        embeddings.call({
          model: model.target,
          requestId: context.requestId,
          input: input.kind === "text" ? input.text : input.tokens,
          ...(request.dimensions === undefined ? {} : { dimensions: request.dimensions }),
        }),
      );
      vectors[position] = await embedOne(message, embeddings, { model, context, signal, transport });
    }
  };
  try {
    await Promise.all(
      Array.from({ length: Math.min(request.callsAtOnce ?? embedCallsAtOnce, request.inputs.length) }, work),
    );
  } catch (error) {
    throw toServeError(error, context.signal);
  } finally {
    controller.abort();
  }
  return { vectors };
}

interface EmbedCall {
  model: KserveModel;
  context: CallContext;
  signal: AbortSignal;
  transport: Transport;
}

async function embedOne(
  message: Uint8Array,
  embeddings: EmbeddingDialect,
  { model, context, signal, transport }: EmbedCall,
): Promise<Float32Array> {
  const call = { signal, metadata: callMetadata(context, model.dialect) };
  if (embeddings.rpc === "infer") {
    return embeddings.read(decodeInferResponse(await transport.unary(rpcPath.infer, message, call)));
  }
  let answer: InferResponse | undefined;
  for await (const batch of transport.stream(rpcPath.streamInfer, message, call)) {
    for (const bytes of batch) {
      const { errorMessage, response } = decodeStreamInferResponse(bytes);
      if (errorMessage !== "") throw toStreamFailure(errorMessage);
      if (response !== undefined && response.outputs.length > 0) answer ??= response;
    }
  }
  return embeddings.read(answer ?? decodeInferResponse(new Uint8Array()));
}
