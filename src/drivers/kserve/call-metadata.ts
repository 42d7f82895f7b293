import type { CallContext } from "../../core/generation.ts";
import type { Dialect } from "./dialects/dialect.ts";

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
    ...(dialect.name === "anyserve" ? {} : { triton_grpc_error: "true" }),
  };
}
