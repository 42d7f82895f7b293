import { request as requestHttp, type IncomingMessage, type RequestOptions } from "node:http";
import { request as requestHttps } from "node:https";
import { ServeError } from "../core/error.ts";
import { type Address, type Resolve, resolvePublic } from "./resolve.ts";

export interface EgressOptions {
  /** Host names that may be called: exact, or `*.example.com` for every name below. */
  allowHosts: readonly string[];
  /** Largest body that is taken. */
  maxBytes: number;
  /** For everything together, redirects included. */
  timeoutMs: number;
  /** Another than the system's; for addresses that are not public. */
  resolve?: Resolve;
}

export interface Fetched {
  bytes: Uint8Array;
  /** Without parameters, in lower case; empty if the server does not say. */
  mediaType: string;
}

/** The only way out to addresses that a client names. */
export interface Egress {
  /**
   * What `url` names. A name is resolved once and that address is called, so that it cannot turn out to be another
   * one. Rejects with a `ServeError` that names `param` and never an address.
   */
  fetchBytes(url: string, param: string, signal: AbortSignal): Promise<Fetched>;
}

const maxRedirects = 3;

/** Calls only hosts that are allowed, and of these only public addresses, again after each redirect. */
export function createEgress(options: EgressOptions): Egress {
  const { resolve = resolvePublic } = options;

  async function follow(url: string, param: string, signal: AbortSignal): Promise<Fetched> {
    let next = toAllowedUrl(url, options.allowHosts, param);
    for (let hops = 0; hops <= maxRedirects; hops++) {
      const address = await resolve(next.hostname, param);
      const response = await open(next, address, signal);
      const location = redirectOf(response);
      if (location === undefined) return await read(response, options.maxBytes, param);
      response.destroy();
      next = toAllowedUrl(new URL(location, next).href, options.allowHosts, param);
    }
    throw refused("The address redirects too often.", param);
  }

  return {
    async fetchBytes(url, param, signal) {
      const limited = AbortSignal.any([signal, AbortSignal.timeout(options.timeoutMs)]);
      try {
        return await follow(url, param, limited);
      } catch (error) {
        if (signal.aborted && signal.reason instanceof ServeError) throw signal.reason;
        if (error instanceof ServeError) throw error;
        throw refused("The address could not be fetched.", param, error);
      }
    },
  };
}

function toAllowedUrl(text: string, allowHosts: readonly string[], param: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || (url.protocol !== "http:" && url.protocol !== "https:")) {
    throw refused("The address must begin with http:// or https://.", param);
  }
  if (url.username !== "" || url.password !== "") {
    throw refused("The address must not hold a user name or a password.", param);
  }
  const host = url.hostname.toLowerCase().replace(/\.$/, "");
  if (!allowHosts.some((pattern) => matches(host, pattern.toLowerCase()))) {
    throw refused("The address is of a host that is not allowed.", param);
  }
  return url;
}

function matches(host: string, pattern: string): boolean {
  if (!pattern.startsWith("*.")) return host === pattern;
  return host.endsWith(pattern.slice(1)) && host.length > pattern.length - 1;
}

function open(url: URL, address: Address, signal: AbortSignal): Promise<IncomingMessage> {
  const request = url.protocol === "https:" ? requestHttps : requestHttp;
  const options: RequestOptions = {
    signal,
    agent: false,
    headers: { accept: "*/*", "accept-encoding": "identity", "user-agent": "oai-serve" },
    // The address was looked at: nothing else may be called.
    lookup: (_host, { all }, callback) => {
      if (all === true) callback(null, [address]);
      else callback(null, address.address, address.family);
    },
  };
  return new Promise((resolve, reject) => {
    const sent = request(url, options, resolve);
    sent.on("error", reject);
    sent.end();
  });
}

function redirectOf(response: IncomingMessage): string | undefined {
  const { statusCode = 0, headers } = response;
  return statusCode >= 300 && statusCode < 400 ? headers.location : undefined;
}

async function read(response: IncomingMessage, maxBytes: number, param: string): Promise<Fetched> {
  try {
    if (response.statusCode !== 200) throw refused("The address did not answer with status 200.", param);
    const chunks: Buffer[] = [];
    let size = 0;
    for await (const chunk of response as AsyncIterable<Buffer>) {
      size += chunk.length;
      if (size > maxBytes) throw refused(`The address answers with more than ${maxBytes} bytes.`, param);
      chunks.push(chunk);
    }
    const mediaType = (response.headers["content-type"] ?? "").split(";")[0] ?? "";
    return { bytes: Buffer.concat(chunks), mediaType: mediaType.trim().toLowerCase() };
  } finally {
    response.destroy();
  }
}

function refused(message: string, param: string, cause?: unknown): ServeError {
  return new ServeError("invalid_request", message, {
    code: "invalid_value",
    param,
    ...(cause === undefined ? {} : { cause }),
  });
}
