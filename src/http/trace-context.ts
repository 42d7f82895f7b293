import type { TraceContext } from "../core/generation.ts";

/** https://www.w3.org/TR/trace-context/#traceparent-header-field-values: version, trace, parent, flags. */
const parentForm =
  /^(?!ff)[0-9a-f]{2}-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}(?:-[\x21-\x7e]{1,400})?$/;
/** Visible ASCII and spaces; what the members mean is not our business. */
const stateForm = /^[\x20-\x7e]{1,512}$/;

/** The trace that a request belongs to; undefined if it says none, or not in the standard's form. */
export function readTraceContext(headers: Headers): TraceContext | undefined {
  const parent = headers.get("traceparent");
  if (parent === null || !parentForm.test(parent)) return undefined;
  // Version 00 has nothing after the flags.
  if (parent.startsWith("00-") && parent.length !== 55) return undefined;
  const state = headers.get("tracestate");
  return { parent, ...(state !== null && stateForm.test(state) ? { state } : {}) };
}
