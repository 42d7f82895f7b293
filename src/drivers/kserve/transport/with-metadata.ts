import type { CallOptions, Transport } from "./transport.ts";

/** `transport` with `metadata` sent along with every call; what a call brings itself wins. */
export function withMetadata(transport: Transport, metadata: Readonly<Record<string, string>>): Transport {
  const joined = (call: CallOptions): CallOptions => ({
    ...call,
    metadata: { ...metadata, ...call.metadata },
  });
  return {
    unary: (method, message, call) => transport.unary(method, message, joined(call)),
    stream: (method, message, call) => transport.stream(method, message, joined(call)),
    close: () => transport.close(),
  };
}
