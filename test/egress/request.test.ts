import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { createServer, type IncomingHttpHeaders, type Server } from "node:http";
import { createEgress, type EgressOptions } from "../../src/egress/egress.ts";
import { rejection } from "../support/rejection.ts";

interface Seen {
  method: string;
  host: string;
  path: string;
  headers: IncomingHttpHeaders;
  body: string;
}

let server: Server;
let port = 0;
const seen: Seen[] = [];

beforeAll(async () => {
  server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      const url = new URL(request.url ?? "/", "http://any");
      seen.push({
        method: request.method ?? "",
        host: request.headers.host ?? "",
        path: url.pathname,
        headers: request.headers,
        body: Buffer.concat(chunks).toString(),
      });
      const location = url.searchParams.get("to");
      if (location !== null) {
        response.writeHead(Number(url.searchParams.get("status") ?? 302), { location }).end("moved");
      } else if (url.pathname === "/teapot") response.writeHead(418).end("short and stout");
      else if (url.pathname === "/endless") response.write(Buffer.alloc(200_000, "a"));
      else if (url.pathname === "/cut") {
        response.writeHead(200, { "content-length": "100" }).write("half");
        setImmediate(() => response.destroy());
      } else if (url.pathname !== "/hang") response.end("hello");
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  port = typeof address === "object" ? (address?.port ?? 0) : 0;
});
afterAll(() => {
  server.closeAllConnections();
  server.close();
});

const never = new AbortController().signal;
const at = (path: string, host = "one.test") => `http://${host}:${port}${path}`;
const to = (target: string, status = 302) => at(`/?status=${status}&to=${encodeURIComponent(target)}`);

/** All names lead to the server, and are allowed to. */
function egress(options: Partial<EgressOptions> = {}) {
  return createEgress({
    allowHosts: [],
    allowPrivateHosts: ["one.test", "two.test"],
    maxBytes: 65_536,
    timeoutMs: 5_000,
    lookup: async () => [{ address: "127.0.0.1", family: 4 }],
    ...options,
  });
}

describe("A call", () => {
  test("sends method, headers and body, and gives the answer whatever its status", async () => {
    const call = { method: "PUT", url: at("/teapot"), headers: { "x-mine": "1" }, body: "grüße" };
    const { status, bytes, isCut } = await egress().request(call, "url", never);

    expect({ status, text: new TextDecoder().decode(bytes), isCut }).toEqual({
      status: 418,
      text: "short and stout",
      isCut: false,
    });
    expect(seen.at(-1)).toMatchObject({ method: "PUT", host: `one.test:${port}`, body: "grüße" });
    expect(seen.at(-1)?.headers).toMatchObject({
      "x-mine": "1",
      "content-length": "7",
      "accept-encoding": "identity",
    });
  });

  test("reads no more than it may", async () => {
    const call = { method: "GET", url: at("/endless"), headers: {} };
    const { bytes, isCut } = await egress().request(call, "url", never);

    expect({ length: bytes.length, isCut }).toEqual({ length: 65_536, isCut: true });
  });

  test("fails when the answer is cut off", async () => {
    const call = { method: "GET", url: at("/cut"), headers: {} };
    const error = await rejection(egress().request(call, "url", never));

    expect(String(error)).toBe("ServeError: The address could not be fetched.");
  });

  test("says that no answer came in time", async () => {
    const call = { method: "GET", url: at("/hang"), headers: {} };
    const error = await rejection(egress({ timeoutMs: 50 }).request(call, "url", never));

    expect(String(error)).toBe("ServeError: The address did not answer in time.");
  });

  test("waits no longer for a name than for everything", async () => {
    const slow = egress({ timeoutMs: 50, lookup: () => new Promise(() => {}) });
    const error = await rejection(slow.request({ method: "GET", url: at("/"), headers: {} }, "url", never));

    expect(String(error)).toBe("ServeError: The address did not answer in time.");
  });

  test("ends when its signal aborts", async () => {
    const controller = new AbortController();
    const pending = rejection(
      egress().request({ method: "GET", url: at("/hang"), headers: {} }, "url", controller.signal),
    );

    controller.abort(new Error("left"));

    expect(String(await pending)).toBe("Error: left");
  });

  test("gets the operator's headers for its host, instead of its own", async () => {
    const own = egress({
      headersFor: ({ hostname }) => (hostname === "one.test" ? { authorization: "own" } : {}),
    });
    await own.request({ method: "GET", url: at("/"), headers: { authorization: "given" } }, "url", never);

    expect(seen.at(-1)?.headers.authorization).toBe("own");
  });

  test("reaches only the port that is allowed", async () => {
    const closed = egress({ allowPrivateHosts: [`one.test:${port + 1}`] });
    const error = await rejection(closed.request({ method: "GET", url: at("/"), headers: {} }, "url", never));

    expect(String(error)).toMatch(/not allowed/);
    const open = egress({ allowPrivateHosts: [`one.test:${port}`] });
    expect(await open.request({ method: "GET", url: at("/"), headers: {} }, "url", never)).toMatchObject({
      status: 200,
    });
  });
});

describe("A redirect", () => {
  for (const [status, method, expected] of [
    [301, "POST", { method: "GET", body: "" }],
    [302, "POST", { method: "GET", body: "" }],
    [303, "PUT", { method: "GET", body: "" }],
    [303, "HEAD", { method: "HEAD", body: "" }],
    [307, "POST", { method: "POST", body: "text" }],
    [308, "PUT", { method: "PUT", body: "text" }],
    [302, "PUT", { method: "PUT", body: "text" }],
  ] as const) {
    test(`${status} of ${method} becomes ${expected.method}`, async () => {
      const body = method === "HEAD" ? {} : { body: "text" };
      const call = {
        method,
        url: to(at("/end"), status),
        headers: { "content-type": "text/plain" },
        ...body,
      };
      await egress().request(call, "url", never);

      expect(seen.at(-1)).toMatchObject({ path: "/end", ...expected });
    });
  }

  test("within an origin keeps the headers", async () => {
    const headers = { authorization: "Bearer a", "x-api-key": "b", "x-mine": "c" };
    await egress().request({ method: "GET", url: to(at("/end")), headers }, "url", never);

    expect(seen.at(-1)?.headers).toMatchObject(headers);
  });

  test("to another origin drops what may be a secret", async () => {
    const headers = { authorization: "Bearer a", cookie: "a=b", "x-api-key": "b", "x-mine": "c" };
    await egress().request({ method: "GET", url: to(at("/end", "two.test")), headers }, "url", never);

    expect(seen.at(-1)?.headers).toMatchObject({ host: `two.test:${port}`, "x-mine": "c" });
    expect(Object.keys(seen.at(-1)?.headers ?? {})).not.toContainAnyValues([
      "authorization",
      "cookie",
      "x-api-key",
    ]);
  });

  for (const target of [
    "http://169.254.169.254/latest/meta-data/",
    "http://127.0.0.1/",
    "http://[::1]/",
    "http://10.0.0.1/",
    "http://0x7f.1/",
    "//169.254.169.254/",
    "file:///etc/passwd",
    "http://",
    "http://user@public.test/",
  ]) {
    test(`to ${target} is not followed`, async () => {
      const before = seen.length;
      const open = createEgress({
        allowHosts: ["*"],
        allowPrivateHosts: ["one.test"],
        maxBytes: 65_536,
        timeoutMs: 5_000,
        lookup: async (host) => [{ address: host === "one.test" ? "127.0.0.1" : host, family: 4 }],
      });
      const error = await rejection(
        open.request({ method: "GET", url: to(target), headers: {} }, "url", never),
      );

      expect(String(error)).toMatch(/private|http:\/\/ or|user name/);
      expect(seen.length).toBe(before + 1);
    });
  }

  test("without a place is an answer", async () => {
    const { status } = await egress().request(
      { method: "GET", url: at("/?status=304&to="), headers: {} },
      "url",
      never,
    );

    expect(status).toBe(304);
  });
});
