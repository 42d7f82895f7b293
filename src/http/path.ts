/** Which methods the routes offer under a path; patterns as Elysia writes them (`/v1/models/*`). */
export interface RouteTable {
  /** Methods of the path, empty when there is no such path. */
  methods(path: string): readonly string[];
}

export function createRouteTable(routes: readonly { method: string; path: string }[]): RouteTable {
  const exact = new Map<string, string[]>();
  const prefixes: { prefix: string; methods: string[] }[] = [];
  for (const { method, path } of routes) {
    if (path.endsWith("/*")) {
      const prefix = path.slice(0, -1);
      const known = prefixes.find((entry) => entry.prefix === prefix);
      if (known === undefined) prefixes.push({ prefix, methods: [method] });
      else known.methods.push(method);
    } else {
      exact.set(path, [...(exact.get(path) ?? []), method]);
    }
  }
  return {
    methods: (path) =>
      exact.get(path) ??
      prefixes.find(({ prefix }) => path.startsWith(prefix) && path.length > prefix.length)?.methods ??
      [],
  };
}

/**
 * The path under which a route is mounted: slashes collapsed, the last one dropped, and `/v1` put in front where
 * only that gives a route, because clients disagree on whether their base URL holds it.
 */
export function canonicalPath(path: string, table: RouteTable): string {
  let canonical = path.replaceAll(/\/{2,}/g, "/");
  if (canonical.length > 1 && canonical.endsWith("/")) canonical = canonical.slice(0, -1);
  if (table.methods(canonical).length === 0 && table.methods(`/v1${canonical}`).length > 0)
    return `/v1${canonical}`;
  return canonical;
}

/**
 * The URL of a request under a host that the router can read: `Host` may be missing (HTTP/1.0) or be no host at
 * all, and Elysia looks for the path from the twelfth character on.
 */
export function toUrl(text: string): URL {
  const url = URL.parse(text) ?? new URL(`http://localhost${text.replace(/^https?:\/\/[^/]*/, "")}`);
  if (url.host.length < 4) url.host = "localhost";
  return url;
}

/** A path as a message or a log line may show it. */
export function shown(path: string): string {
  return path.length > 128 ? `${path.slice(0, 128)}…` : path;
}
