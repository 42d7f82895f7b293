import { ServeError } from "../../core/error.ts";
import { decodeReady } from "./codec/decode-server.ts";
import { emptyMessage } from "./codec/encode-server.ts";
import { answerWithin } from "./probe.ts";
import { rpcPath } from "./service.ts";
import { GrpcError, grpcStatus } from "./transport/transport.ts";
import type { Transport } from "./transport/transport.ts";

/**
 * Resolves if the server says that it is ready, and `stream`, a server that the operator named for the stream rpc,
 * says so too. Throws `ServeError`.
 */
export async function assertReady(
  transport: Transport,
  stream: Transport | undefined,
  signal: AbortSignal,
): Promise<void> {
  const checks = [assertServerReady(transport, signal)];
  if (stream !== undefined) checks.push(assertServerReady(stream, signal).catch(blameStreamEndpoint));
  await Promise.all(checks);
}

async function assertServerReady(transport: Transport, signal: AbortSignal): Promise<void> {
  const isReady = await answerWithin(signal, async (limited) => {
    try {
      return decodeReady(await transport.unary(rpcPath.serverReady, emptyMessage, { signal: limited }));
    } catch (error) {
      // Some servers leave this rpc out; one that says so is there.
      if (error instanceof GrpcError && error.code === grpcStatus.unimplemented) return true;
      throw error;
    }
  });
  if (!isReady) throw new ServeError("unavailable", "The model server says that it is not ready.");
}

function blameStreamEndpoint(thrown: unknown): never {
  const { kind, code, cause } = ServeError.from(thrown);
  throw new ServeError(kind, "The model server's stream endpoint is not ready.", {
    ...(code === undefined ? {} : { code }),
    cause: cause ?? thrown,
  });
}
