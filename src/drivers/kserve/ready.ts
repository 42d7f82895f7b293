import { ServeError } from "../../core/error.ts";
import { decodeReady } from "./codec/decode-server.ts";
import { emptyMessage, encodeModelRequest } from "./codec/encode-server.ts";
import { askIfThere } from "./detect/ask.ts";
import { listRepository } from "./detect/discover.ts";
import { answerWithin } from "./probe.ts";
import { rpcPath } from "./service.ts";
import { GrpcError, grpcStatus } from "./transport/transport.ts";
import type { Transport } from "./transport/transport.ts";

/**
 * Resolves if the server says that it is ready or has a model that is, and `stream`, a server that the operator named
 * for the stream rpc, does so too. Throws `ServeError`.
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

/** What the server says of one of its models; true if it has no word for that. Throws `ServeError`. */
export async function isModelReady(
  transport: Transport,
  name: string,
  signal: AbortSignal,
): Promise<boolean> {
  return await answerWithin(signal, async (limited) => {
    const answer = await askIfThere(transport, rpcPath.modelReady, encodeModelRequest(name), limited);
    return answer === undefined || decodeReady(answer);
  });
}

async function assertServerReady(transport: Transport, signal: AbortSignal): Promise<void> {
  const isReady = await answerWithin(signal, async (limited) => {
    try {
      return decodeReady(await transport.unary(rpcPath.serverReady, emptyMessage, { signal: limited }));
    } catch (error) {
      // Some servers leave this rpc out; one that says so is there.
      if (!(error instanceof GrpcError) || error.code !== grpcStatus.unimplemented) throw error;
      if (isOfHttp(error)) throw notGrpc(error);
      return true;
    }
  });
  // Triton says that it is not as long as one of its models is not, whatever the others are.
  if (isReady || (await hasReadyModel(transport, signal))) return;
  throw new ServeError("unavailable", "The model server says that it is not ready.");
}

async function hasReadyModel(transport: Transport, signal: AbortSignal): Promise<boolean> {
  const models = await listRepository(transport, "ready", signal);
  return models?.some(({ state }) => state === "READY") === true;
}

/** Whether it stands for an HTTP status: what answered is something else, such as a proxy without a route. */
function isOfHttp({ details }: GrpcError): boolean {
  return details.startsWith("Received HTTP status code");
}

function notGrpc(cause: GrpcError): ServeError {
  return new ServeError("unavailable", "What answers at the model server's address does not speak gRPC.", {
    code: "upstream_unavailable",
    cause,
  });
}

function blameStreamEndpoint(thrown: unknown): never {
  const { kind, code, cause } = ServeError.from(thrown);
  throw new ServeError(kind, "The model server's stream endpoint is not ready.", {
    ...(code === undefined ? {} : { code }),
    cause: cause ?? thrown,
  });
}
