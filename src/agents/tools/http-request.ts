import { createEgress, type EgressCall, type EgressOptions } from "../../egress/egress.ts";
import { isOfHosts } from "../../egress/allowed-url.ts";
import type { JsonSchema } from "../../core/generation.ts";
import { isRecord } from "../../core/json.ts";
import type { HttpRequestFile } from "../config/tool-schema.ts";
import type { AgentTool } from "../kit/tool.ts";
import { toHttpResult } from "./http-result.ts";
import { millisecondsOf, bytesOf } from "./settings.ts";

/** For tests: where names lead. */
export type HttpRequestOptions = Pick<EgressOptions, "lookup" | "resolve">;

const standard = { methods: ["GET", "HEAD", "POST"], maxBytes: 1_048_576, timeoutMs: 20_000 };

/** Calls web addresses of hosts that the operator allows, and no others. Without `settings` it says so. */
export function createHttpRequest(
  settings: HttpRequestFile | undefined,
  options: HttpRequestOptions = {},
): AgentTool {
  const allowHosts = settings?.allow_hosts ?? [];
  const allowPrivateHosts = settings?.allow_private_hosts ?? [];
  const methods = settings?.methods ?? standard.methods;
  const timeoutMs = millisecondsOf(settings?.timeout, standard.timeoutMs);
  const egress = createEgress({
    ...options,
    allowHosts,
    allowPrivateHosts,
    maxBytes: bytesOf(settings?.max_bytes, standard.maxBytes),
    timeoutMs,
    headersFor: (url) => ownHeaders(settings, url),
  });
  const isClosed = allowHosts.length + allowPrivateHosts.length === 0;
  const secrets = secretsOf(settings);
  return {
    name: "http_request",
    description:
      "Calls a web address and gives the status, some headers and the text of the answer. Only hosts that the operator allows can be called.",
    parameters: parameters(methods),
    // The call keeps time itself, and says more about it.
    timeoutMs: timeoutMs + 1_000,
    async execute(args, { signal }) {
      if (isClosed) throw new Error(closed);
      return toHttpResult(await egress.request(toCall(args, methods), "url", signal), secrets);
    },
  };
}

const closed =
  "No host may be called: the operator has to name the hosts under tools.http_request.allow_hosts in the configuration.";

/** A schema that says what is taken; the caller's arguments have been checked against it. */
function parameters(methods: readonly string[]): JsonSchema {
  return {
    type: "object",
    properties: {
      method: { type: "string", enum: [...methods], description: "GET unless told." },
      url: { type: "string", description: "The whole address, with http:// or https://." },
      headers: { type: "object", additionalProperties: { type: "string" } },
      body: { type: "string", description: "Text to send." },
      json: { description: "A value to send as JSON, instead of body." },
    },
    required: ["url"],
    additionalProperties: false,
  };
}

/** Throws for what the schema cannot say. */
function toCall(args: unknown, methods: readonly string[]): EgressCall {
  const { method = methods[0] ?? "GET", url, headers, body, json } = isRecord(args) ? args : {};
  if (typeof method !== "string" || !methods.includes(method)) {
    throw new Error(`The method must be one of ${methods.join(", ")}.`);
  }
  if (body !== undefined && json !== undefined) throw new Error("Only one of body and json can be sent.");
  const text = json === undefined ? body : JSON.stringify(json);
  const hasBody = typeof text === "string";
  if (hasBody && (method === "GET" || method === "HEAD")) {
    throw new Error(`A ${method} request has no body; use POST.`);
  }
  return {
    method,
    url: typeof url === "string" ? url.trim() : "",
    headers: {
      ...(json !== undefined && { "content-type": "application/json" }),
      ...toHeaders(isRecord(headers) ? headers : {}),
    },
    ...(hasBody && { body: text }),
  };
}

/** Decided by the connection and not by who calls. */
const ownNames =
  /^(host|connection|content-length|transfer-encoding|accept-encoding|te|trailer|upgrade|expect|keep-alive|proxy-.*)$/;

function toHeaders(given: Readonly<Record<string, unknown>>): Record<string, string> {
  const entries = Object.entries(given).map(([name, value]): [string, string] => {
    const lower = name.toLowerCase();
    if (!/^[a-z0-9!#$%&'*+.^_`|~-]{1,128}$/.test(lower) || ownNames.test(lower)) {
      throw new Error(`The header ${JSON.stringify(name.slice(0, 128))} cannot be set.`);
    }
    if (typeof value !== "string" || !/^[\t\x20-\x7e]{0,8192}$/.test(value)) {
      throw new Error(`The value of the header ${lower} must be of visible ASCII characters.`);
    }
    return [lower, value];
  });
  if (entries.length > 64) throw new Error("At most 64 headers can be sent.");
  return Object.fromEntries(entries);
}

function ownHeaders(settings: HttpRequestFile | undefined, url: URL): Record<string, string> {
  const ofHost = Object.entries(settings?.host_headers ?? {}).filter(([host]) => isOfHosts(url, [host]));
  const all = [settings?.headers ?? {}, ...ofHost.map(([, headers]) => headers)];
  return Object.fromEntries(
    all.flatMap((headers) => Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value])),
  );
}

/** What a server might repeat and no model is told. */
function secretsOf(settings: HttpRequestFile | undefined): readonly string[] {
  const all = [settings?.headers ?? {}, ...Object.values(settings?.host_headers ?? {})];
  return all
    .flatMap((headers) => Object.values(headers))
    .flatMap((value) => [value, ...value.split(/\s+/)])
    .filter((value) => value.length >= 8);
}
