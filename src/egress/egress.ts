import type { IncomingHttpHeaders } from "node:http";
import { ServeError } from "../core/error.ts";
import { unlessAborted } from "../core/unless-aborted.ts";
import { isOfHosts, toAllowedUrl, type HostPatterns } from "./allowed-url.ts";
import { callPinned, type PinnedAnswer } from "./pinned-call.ts";
import { type Lookup, type Resolve, createResolveAny, createResolvePublic } from "./resolve.ts";

export interface EgressOptions {
  /** Hosts that may be called where their addresses are public. */
  allowHosts: HostPatterns;
  /** Hosts that may be called wherever they are. */
  allowPrivateHosts?: HostPatterns;
  /** Largest body that is taken. */
  maxBytes: number;
  /** For everything together, redirects included. */
  timeoutMs: number;
  /** The operator's own headers for a call, which outdo all others. */
  headersFor?: (url: URL) => Readonly<Record<string, string>>;
  /** Another than the system's. */
  lookup?: Lookup;
  /** Another than by `lookup`; for addresses that are not public. */
  resolve?: Resolve;
}

export interface Fetched {
  bytes: Uint8Array;
  /** Without parameters, in lower case; empty if the server does not say. */
  mediaType: string;
}

export interface EgressCall {
  method: string;
  url: string;
  /** Names in lower case. */
  headers: Readonly<Record<string, string>>;
  body?: string;
}

export interface EgressAnswer {
  status: number;
  headers: IncomingHttpHeaders;
  bytes: Uint8Array;
  /** The body has more than `maxBytes`: the rest was not read. */
  isCut: boolean;
}

/**
 * The only way out to addresses that a client or a model names. A name is resolved once and that address is called, so
 * that it cannot turn out to be another one; after a redirect everything is looked at again. Rejects with a
 * `ServeError` that names `param` and never an address, or with the reason of `signal`.
 */
export interface Egress {
  /** What `url` names, if it is there (status 200) and not larger than `maxBytes`. */
  fetchBytes(url: string, param: string, signal: AbortSignal): Promise<Fetched>;
  /** The answer, whatever its status. A redirect to another origin loses the credentials among the call's headers. */
  request(call: EgressCall, param: string, signal: AbortSignal): Promise<EgressAnswer>;
}

const maxRedirects = 3;

export function createEgress(options: EgressOptions): Egress {
  const { lookup, allowPrivateHosts = [], maxBytes } = options;
  const resolvePublic = options.resolve ?? createResolvePublic(lookup);
  const resolveAny = options.resolve ?? createResolveAny(lookup);
  const hosts = [...options.allowHosts, ...allowPrivateHosts];

  async function follow(call: EgressCall, param: string, signal: AbortSignal): Promise<PinnedAnswer> {
    let next = { ...call, url: toAllowedUrl(call.url, hosts, param) };
    for (let hops = 0; hops <= maxRedirects; hops++) {
      const resolve = isOfHosts(next.url, allowPrivateHosts) ? resolveAny : resolvePublic;
      const address = await unlessAborted(resolve(next.url.hostname, param), signal);
      const headers = { ...next.headers, ...options.headersFor?.(next.url) };
      const answer = await callPinned({ ...next, headers, address, signal });
      const location = redirectOf(answer);
      if (location === undefined) return answer;
      answer.close();
      const target = URL.canParse(location, next.url.href) ? new URL(location, next.url).href : location;
      next = redirected(next, toAllowedUrl(target, hosts, param), answer.status);
    }
    throw refused("The address redirects too often.", param);
  }

  /** Failures become those of `param`. */
  async function within<Result>(
    param: string,
    signal: AbortSignal,
    work: (signal: AbortSignal) => Promise<Result>,
  ): Promise<Result> {
    const limited = AbortSignal.any([signal, AbortSignal.timeout(options.timeoutMs)]);
    try {
      return await work(limited);
    } catch (error) {
      signal.throwIfAborted();
      if (error instanceof ServeError) throw error;
      const why = limited.aborted ? "did not answer in time" : "could not be fetched";
      throw refused(`The address ${why}.`, param, error);
    }
  }

  return {
    async fetchBytes(url, param, signal) {
      return await within(param, signal, async (limited) => {
        const answer = await follow({ method: "GET", url, headers: {} }, param, limited);
        try {
          if (answer.status !== 200) throw refused("The address did not answer with status 200.", param);
          const { bytes, isCut } = await answer.read(maxBytes);
          if (isCut) throw refused(`The address answers with more than ${maxBytes} bytes.`, param);
          const mediaType = (answer.headers["content-type"] ?? "").split(";")[0] ?? "";
          return { bytes, mediaType: mediaType.trim().toLowerCase() };
        } finally {
          answer.close();
        }
      });
    },
    async request(call, param, signal) {
      return await within(param, signal, async (limited) => {
        const answer = await follow(call, param, limited);
        try {
          const { status, headers } = answer;
          return { status, headers, ...(await answer.read(maxBytes)) };
        } finally {
          answer.close();
        }
      });
    },
  };
}

function redirectOf({ status, headers }: PinnedAnswer): string | undefined {
  return redirects.has(status) ? headers.location : undefined;
}

const redirects: ReadonlySet<number> = new Set([301, 302, 303, 307, 308]);

type Hop = Omit<EgressCall, "url"> & { url: URL };

/** As browsers do: https://fetch.spec.whatwg.org/#http-redirect-fetch */
function redirected({ method, url: from, headers, body }: Hop, url: URL, status: number): Hop {
  const isPostEnd = (status === 301 || status === 302) && method === "POST";
  const becomesGet = isPostEnd || (status === 303 && method !== "HEAD");
  const dropped = [...(url.origin === from.origin ? [] : credentials), ...(becomesGet ? ofBody : [])];
  return {
    method: becomesGet ? "GET" : method,
    url,
    headers: Object.fromEntries(
      Object.entries(headers).filter(([name]) => !dropped.some((d) => d.test(name))),
    ),
    ...(body !== undefined && !becomesGet && { body }),
  };
}

/** Names of headers that may hold a secret. */
const credentials = [/^authorization$/, /cookie/, /key|token|secret|signature|auth/];
const ofBody = [/^content-/];

function refused(message: string, param: string, cause?: unknown): ServeError {
  return new ServeError("invalid_request", message, {
    code: "invalid_value",
    param,
    ...(cause === undefined ? {} : { cause }),
  });
}
