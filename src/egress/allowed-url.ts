import { ServeError } from "../core/error.ts";

/** Hosts as an operator writes them: exact, `*.example` for every name below, `*` for all; with a port, only that one. */
export type HostPatterns = readonly string[];

/** What `text` names, if its host may be called. Throws `invalid_request` that names `param`. */
export function toAllowedUrl(text: string, hosts: HostPatterns, param: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || (url.protocol !== "http:" && url.protocol !== "https:")) {
    throw refused("The address must begin with http:// or https://.", param);
  }
  if (url.username !== "" || url.password !== "") {
    throw refused("The address must not hold a user name or a password.", param);
  }
  if (!isOfHosts(url, hosts)) throw refused("The address is of a host that is not allowed.", param);
  return url;
}

export function isOfHosts(url: URL, hosts: HostPatterns): boolean {
  const host = url.hostname.toLowerCase().replace(/\.$/, "");
  const port = url.port === "" ? (url.protocol === "https:" ? "443" : "80") : url.port;
  return hosts.some((pattern) => {
    const [, name = "", onlyPort] = /^(.*?)(?::(\d+))?$/.exec(pattern.toLowerCase()) ?? [];
    // The end of an IPv6 address in brackets is no port.
    if (pattern.endsWith("]")) return host === canonical(pattern);
    return (onlyPort === undefined || onlyPort === port) && matches(host, name);
  });
}

function matches(host: string, pattern: string): boolean {
  if (pattern === "*") return true;
  if (pattern.startsWith("*.")) return host.endsWith(pattern.slice(1)) && host.length > pattern.length - 1;
  return host === pattern || host === canonical(pattern);
}

/** As it stands in a parsed address: one of several spellings of an IP address or of a name that is not ASCII. */
function canonical(host: string): string {
  const text = `http://${host}/`;
  return URL.canParse(text) ? new URL(text).hostname : host;
}

function refused(message: string, param: string): ServeError {
  return new ServeError("invalid_request", message, { code: "invalid_value", param });
}
