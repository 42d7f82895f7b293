import { request as requestHttp, type IncomingHttpHeaders, type RequestOptions } from "node:http";
import { request as requestHttps } from "node:https";
import { readBody } from "./body.ts";
import type { Address } from "./resolve.ts";

export interface PinnedCall {
  url: URL;
  /** Where it is called, whatever the name in `url` turns out to be by now. */
  address: Address;
  method: string;
  headers: Readonly<Record<string, string>>;
  body?: string;
  /** Ends the call at any time. */
  signal: AbortSignal;
}

export interface PinnedAnswer {
  status: number;
  headers: IncomingHttpHeaders;
  /** The body's first bytes, at most so many; the connection is closed then. Rejects where the body is cut off. */
  read(maxBytes: number): Promise<{ bytes: Uint8Array; isCut: boolean }>;
  /** Closes the connection. */
  close(): void;
}

/** One call over a connection of its own, by no proxy, with the answer's body as it is sent. Follows no redirect. */
export function callPinned({
  url,
  address,
  method,
  headers,
  body,
  signal,
}: PinnedCall): Promise<PinnedAnswer> {
  signal.throwIfAborted();
  const request = url.protocol === "https:" ? requestHttps : requestHttp;
  const options: RequestOptions = {
    method,
    agent: false,
    headers: {
      accept: "*/*",
      "user-agent": "oai-serve",
      ...headers,
      "accept-encoding": "identity",
      ...(body !== undefined && { "content-length": String(Buffer.byteLength(body)) }),
    },
    lookup: (_host, { all }, callback) => {
      if (all === true) callback(null, [address]);
      else callback(null, address.address, address.family);
    },
  };
  const { promise, resolve, reject } = Promise.withResolvers<PinnedAnswer>();
  const sent = request(url, options, (response) => {
    signal.removeEventListener("abort", onAbort);
    const { chunks } = readBody(response, { destroy: () => sent.destroy(), signal });
    resolve({
      status: response.statusCode ?? 0,
      headers: response.headers,
      read: (maxBytes) => readAtMost(chunks, maxBytes),
      close: () => sent.destroy(),
    });
  });
  // Events alone do not tell of an abort while there is no connection yet.
  const onAbort = () => {
    sent.destroy();
    reject(signal.reason);
  };
  signal.addEventListener("abort", onAbort, { once: true });
  sent.on("error", (error) => {
    signal.removeEventListener("abort", onAbort);
    reject(error);
  });
  sent.end(body);
  return promise;
}

async function readAtMost(
  chunks: AsyncIterable<Uint8Array>,
  maxBytes: number,
): Promise<{ bytes: Uint8Array; isCut: boolean }> {
  const parts: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of chunks) {
    parts.push(chunk);
    size += chunk.length;
    if (size > maxBytes) break;
  }
  return { bytes: Buffer.concat(parts).subarray(0, maxBytes), isCut: size > maxBytes };
}
