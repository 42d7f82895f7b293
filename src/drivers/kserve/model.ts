import type { ModelDescription } from "../../core/generation.ts";
import { decodeInferResponse } from "./codec/decode.ts";
import { encodeInferRequest } from "./codec/encode.ts";
import type { Dialect, ModelFacts } from "./dialects/dialect.ts";
import { answerWithin } from "./probe.ts";
import { rpcPath } from "./service.ts";
import { GrpcError, grpcStatus } from "./transport/transport.ts";
import type { Transport } from "./transport/transport.ts";

/** What the operator and the dialect say of a server's one model. */
export interface ModelIdentity {
  id: string;
  ownedBy: string;
  /** Other ids under which the model answers; the id itself may be among them. */
  aliases: readonly string[];
}

/**
 * The server's model as it says itself, or the presumed one if it has no call for that. Throws `ServeError` when it
 * cannot be asked.
 */
export async function askModel(
  transport: Transport,
  dialect: Dialect,
  identity: ModelIdentity,
  signal: AbortSignal,
): Promise<ModelDescription> {
  return await answerWithin(signal, async (limited) => {
    const message = encodeInferRequest(dialect.facts.call);
    try {
      const answer = await transport.unary(rpcPath.infer, message, { signal: limited });
      return describeModel(identity, dialect.facts.read(decodeInferResponse(answer)));
    } catch (error) {
      if (hasNoSuchCall(error)) return describeModel(identity, {});
      throw error;
    }
  });
}

/** The model with what the server said of it. */
export function describeModel(identity: ModelIdentity, facts: ModelFacts): ModelDescription {
  const id = isId(facts.name) ? facts.name : identity.id;
  const contextTokens = facts.contextTokens ?? 0;
  return {
    id,
    ownedBy: identity.ownedBy,
    aliases: identity.aliases,
    ...(contextTokens > 0 ? { contextTokens } : {}),
  };
}

/** A name from outside becomes an id only if it can stand in a URL and in a log line. */
function isId(name: string | undefined): name is string {
  return name !== undefined && name.trim() === name && /^[^\p{C}\p{Zl}\p{Zp}]{1,256}$/u.test(name);
}

function hasNoSuchCall(error: unknown): boolean {
  return (
    error instanceof GrpcError &&
    (error.code === grpcStatus.notFound || error.code === grpcStatus.unimplemented)
  );
}
