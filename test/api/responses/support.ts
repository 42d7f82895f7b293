import type { EncodeOptions } from "../../../src/api/responses/encoder.ts";
import { beginResponse, type ResponseObject } from "../../../src/api/responses/response.ts";

/** A response that has just begun. */
export function begunResponse(background = false): ResponseObject {
  return beginResponse(
    { model: "m", input: "hi", background },
    { id: "resp_golden", createdAt: 1_763_600_000, model: "m", store: true, tools: [] },
  );
}

export const encodeDefaults: EncodeOptions = { logprobs: false, encrypted: false, names: new Map() };
