import { createServer, type IncomingHttpHeaders, type ServerResponse } from "node:http";

export interface SiteRequest {
  path: string;
  headers: IncomingHttpHeaders;
}

/** A web server on 127.0.0.1, for tools that call one. */
export interface Site {
  /** `127.0.0.1:PORT` */
  host: string;
  port: number;
  url: string;
  /** Every request so far. */
  requests: readonly SiteRequest[];
  /** Resolves once so many requests for `path` have come. */
  asked(path: string, count?: number): Promise<void>;
  close(): void;
}

/** `answer` decides on each request; one that it leaves open stays so. */
export async function startSite(
  answer: (request: SiteRequest, response: ServerResponse) => unknown,
): Promise<Site> {
  const requests: SiteRequest[] = [];
  const waiting: { path: string; count: number; resolve: () => void }[] = [];
  const countOf = (path: string) => requests.filter((request) => request.path === path).length;
  const server = createServer(({ url = "", headers }, response) => {
    const request = { path: url, headers };
    requests.push(request);
    for (const { path, count, resolve } of waiting) if (countOf(path) >= count) resolve();
    answer(request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;
  return {
    host: `127.0.0.1:${port}`,
    port,
    url: `http://127.0.0.1:${port}`,
    requests,
    asked(path, count = 1) {
      if (countOf(path) >= count) return Promise.resolve();
      return new Promise((resolve) => {
        waiting.push({ path, count, resolve });
      });
    },
    close() {
      server.closeAllConnections();
      server.close();
    },
  };
}

/** Answers with a text. */
export function say(response: ServerResponse, text: string): void {
  response.writeHead(200, { "content-type": "text/plain" }).end(text);
}

/** Answers that it is elsewhere. */
export function redirect(response: ServerResponse, location: string): void {
  response.writeHead(302, { location }).end();
}
