import { rpcPath } from "../service.ts";
import { GrpcError, grpcStatus } from "../transport/transport.ts";
import type { Transport } from "../transport/transport.ts";

/**
 * The answer to a question that not every server knows; undefined from one that does not. Rejects with what the
 * transport does, as when a server is not there, or keeps the answer from us.
 */
export async function askIfThere(
  transport: Transport,
  method: string,
  message: Uint8Array,
  signal: AbortSignal,
): Promise<Uint8Array | undefined> {
  try {
    return await transport.unary(method, message, { signal });
  } catch (error) {
    if (error instanceof GrpcError && (error.code === grpcStatus.unimplemented || isKept(error, method)))
      return undefined;
    throw error;
  }
}

/** Triton can keep configurations to its operators; a model can be spoken to without. */
function isKept({ details }: GrpcError, method: string): boolean {
  return method === rpcPath.modelConfig && /protocol is restricted/i.test(details);
}
