/** Which methods the routes offer under a path; patterns as Elysia writes them (`/v1/models/*`, `/v1/files/:id`). */
export interface RouteTable {
  /** Methods of the path, empty when there is no such path. */
  methods(path: string): readonly string[];
}

export function createRouteTable(routes: readonly { method: string; path: string }[]): RouteTable {
  const exact = new Map<string, string[]>();
  const patterns = new Map<string, { pattern: RegExp; methods: string[] }>();
  for (const { method, path } of routes) {
    if (/[:*]/.test(path)) {
      const known = patterns.get(path) ?? { pattern: toPattern(path), methods: [] };
      known.methods.push(method);
      patterns.set(path, known);
    } else {
      exact.set(path, [...(exact.get(path) ?? []), method]);
    }
  }
  return {
    methods(path) {
      const matching = [...patterns.values()].filter(({ pattern }) => pattern.test(path));
      return [...new Set([exact.get(path) ?? [], ...matching.map(({ methods }) => methods)].flat())];
    },
  };
}

/** A path with a parameter (`:id`) for each part that may be anything, or with `*` for the rest. */
function toPattern(path: string): RegExp {
  const parts = path.split("/").map((part) => {
    if (part === "*") return ".+";
    return part.startsWith(":") ? "[^/]+" : RegExp.escape(part);
  });
  return new RegExp(`^${parts.join("/")}$`);
}

/** A route's path as the documentation writes it: `{id}` for `:id`, and `{rest}`, or what it is called, for `*`. */
export function documentedPath(path: string, rest: string): string {
  return path.replace(/\*$/, `{${rest}}`).replaceAll(/:(\w+)/g, "{$1}");
}

/**
 * The path under which a route is mounted: slashes collapsed, the last one dropped, and `/v1` put in front or taken
 * away where only that gives a route, because clients disagree on whether their base URL holds it.
 */
export function canonicalPath(path: string, table: RouteTable): string {
  let canonical = path.replaceAll(/\/{2,}/g, "/");
  if (canonical.length > 1 && canonical.endsWith("/")) canonical = canonical.slice(0, -1);
  const isRoute = (candidate: string) => table.methods(candidate).length > 0;
  return [canonical, `/v1${canonical}`, canonical.replace(/^\/v1(?=\/v1\/)/, "")].find(isRoute) ?? canonical;
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
