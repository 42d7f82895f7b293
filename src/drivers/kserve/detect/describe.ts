import {
  decodeModelConfig,
  decodeModelMetadata,
  decodeReady,
  decodeServerMetadata,
} from "../codec/decode-server.ts";
import { emptyMessage, encodeModelRequest } from "../codec/encode-server.ts";
import type { ServerMetadata } from "../codec/messages.ts";
import type { ModelProfile } from "../dialects/dialect.ts";
import { modelNotReady } from "../failure-texts.ts";
import { answerWithin } from "../probe.ts";
import { rpcPath } from "../service.ts";
import { toFailure } from "../status.ts";
import type { Transport } from "../transport/transport.ts";
import { askIfThere } from "./ask.ts";

/** What a server says of itself, undefined if nothing. Rejects with `ServeError` when it cannot be asked. */
export async function describeServer(
  transport: Transport,
  signal: AbortSignal,
): Promise<ServerMetadata | undefined> {
  return await answerWithin(signal, async (limited) => {
    const answer = await askIfThere(transport, rpcPath.serverMetadata, emptyMessage, limited);
    return answer === undefined ? undefined : decodeServerMetadata(answer);
  });
}

/**
 * What a server says of one model, as far as it has words for that. Rejects with `ServeError`: `not_found` when the
 * server does not have the model, `unavailable` when it is not ready or the server cannot be asked.
 */
export async function describeModel(
  transport: Transport,
  name: string,
  signal: AbortSignal,
): Promise<ModelProfile> {
  return await answerWithin(signal, async (limited) => {
    const request = encodeModelRequest(name);
    const ask = (method: string) => askIfThere(transport, method, request, limited);
    const [metadata, config] = await Promise.all([ask(rpcPath.modelMetadata), ask(rpcPath.modelConfig)]);
    if (metadata === undefined) {
      const ready = await ask(rpcPath.modelReady);
      if (ready !== undefined && !decodeReady(ready)) throw toFailure(modelNotReady);
    }
    return {
      name,
      ...(metadata === undefined ? {} : { metadata: decodeModelMetadata(metadata) }),
      ...(config === undefined ? {} : { config: decodeModelConfig(config) }),
    };
  });
}
