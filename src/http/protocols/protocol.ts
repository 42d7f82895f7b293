import type { ServeError } from "../../core/error.ts";

/** What the clients of one vendor's API expect around every answer, whatever the route. */
export interface Protocol {
  /** A failure before the first byte of the answer. */
  failure(error: ServeError, requestId: string): { status: number; body: object };
  /** Headers of every answer, besides those that all protocols have. */
  headers(call: { requestId: string; startedAt: number }): Readonly<Record<string, string>>;
}

/** Where a protocol is spoken: under `path`, and if there is a `header`, only to those who send it. */
export interface ProtocolRule {
  path: string;
  header?: string;
  protocol: Protocol;
}

/** The protocol of a request, by its canonical path: that of the first rule that fits, else `standard`. */
export type ProtocolOf = (path: string, headers: Headers) => Protocol;

export function createProtocolOf(standard: Protocol, rules: readonly ProtocolRule[]): ProtocolOf {
  return (path, headers) => {
    const rule = rules.find(
      (each) =>
        (path === each.path || path.startsWith(`${each.path}/`)) &&
        (each.header === undefined || headers.has(each.header)),
    );
    return rule?.protocol ?? standard;
  };
}
