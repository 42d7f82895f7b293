import type { CallContext } from "../../core/generation.ts";
import type { Dialect, DialectName } from "./dialects/dialect.ts";

/** Dialects of Triton's models; a generic one may be of another server, which passes over what it does not know. */
const ofTriton: ReadonlySet<DialectName> = new Set(["vllm", "trtllm", "llmapi", "generic"]);

/** gRPC metadata of one call: who asks, for the server's logs and traces, and how it should fail. */
export function callMetadata(
  { requestId, trace }: Pick<CallContext, "requestId" | "trace">,
  dialect: Pick<Dialect, "name">,
): Record<string, string> {
  return {
    "x-request-id": requestId,
    ...(trace === undefined ? {} : { traceparent: trace.parent }),
    ...(trace?.state === undefined ? {} : { tracestate: trace.state }),
    // Triton then ends a failed stream with a status; otherwise it says a text and the stream stays open.
    ...(ofTriton.has(dialect.name) ? { triton_grpc_error: "true" } : {}),
  };
}
