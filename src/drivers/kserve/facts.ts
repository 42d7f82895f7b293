import { decodeInferResponse } from "./codec/decode.ts";
import { encodeInferRequest } from "./codec/encode.ts";
import type { Dialect, ModelFacts } from "./dialects/dialect.ts";
import { answerWithin } from "./probe.ts";
import { rpcPath } from "./service.ts";
import { GrpcError, grpcStatus } from "./transport/transport.ts";
import type { Transport } from "./transport/transport.ts";

/**
 * What the server says of its one model, nothing if it has no call for that. Throws `ServeError` when it cannot be
 * asked.
 */
export async function askFacts(
  transport: Transport,
  facts: Dialect["facts"],
  signal: AbortSignal,
): Promise<ModelFacts> {
  if (facts === undefined) return {};
  return await answerWithin(signal, async (limited) => {
    try {
      const answer = await transport.unary(rpcPath.infer, encodeInferRequest(facts.call), {
        signal: limited,
      });
      return facts.read(decodeInferResponse(answer));
    } catch (error) {
      if (hasNoSuchCall(error)) return {};
      throw error;
    }
  });
}

/** A name from outside becomes an id only if it can stand in a URL and in a log line. */
export function isModelId(name: string | undefined): name is string {
  return name !== undefined && name.trim() === name && /^[^\p{C}\p{Zl}\p{Zp}]{1,256}$/u.test(name);
}

function hasNoSuchCall(error: unknown): boolean {
  return (
    error instanceof GrpcError &&
    (error.code === grpcStatus.notFound || error.code === grpcStatus.unimplemented)
  );
}
