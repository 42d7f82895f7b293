import type { GenerationRequest, Prompt } from "../../core/generation.ts";
import type { TemplateName } from "../../text/templates/render.ts";
import { encodeInferRequest } from "./codec/encode.ts";
import type { Dialect, Rpc } from "./dialects/dialect.ts";
import { toTextRequest } from "./prompt.ts";

/** The message that asks for `request`. Throws `ServeError`. */
export type RequestEncoder = (request: GenerationRequest, rpc: Rpc) => Uint8Array;

/**
 * Calls for several answers to one prompt share one message: a prompt may be megabytes long. They are known by the
 * prompt and the sampling being the same objects, and the message is kept no longer than the prompt.
 */
export function createRequestEncoder(dialect: Dialect, template: TemplateName): RequestEncoder {
  const encoded: Readonly<Record<Rpc, WeakMap<Prompt, Encoded>>> = {
    infer: new WeakMap(),
    stream: new WeakMap(),
  };
  return (request, rpc) => {
    const known = encoded[rpc].get(request.prompt);
    if (known !== undefined && isSame(known.request, request)) return known.message;
    const message = encodeInferRequest(dialect.call(toTextRequest(request, template), rpc));
    encoded[rpc].set(request.prompt, { request, message });
    return message;
  };
}

interface Encoded {
  request: GenerationRequest;
  message: Uint8Array;
}

/** Whether two requests with the same prompt differ in nothing that a message carries. */
function isSame(one: GenerationRequest, other: GenerationRequest): boolean {
  return one.model === other.model && one.sampling === other.sampling && one.extra === other.extra;
}
