import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { createServer, type IncomingHttpHeaders, type Server } from "node:http";
import { gzipSync } from "node:zlib";
import type { HttpRequestFile } from "../../../src/agents/config/tool-schema.ts";
import { createHttpRequest } from "../../../src/agents/tools/http-request.ts";
import { rejection } from "../../support/rejection.ts";
import { toolContext } from "../support.ts";

let server: Server;
let port = 0;
let last: { method: string; headers: IncomingHttpHeaders; body: string };

const answers: Readonly<Record<string, [headers: Record<string, string>, body: Uint8Array]>> = {
  "/json": [{ "content-type": "application/json", "x-other": "1" }, Buffer.from('{"a":"ü"}')],
  "/latin": [{ "content-type": 'text/plain; charset="ISO-8859-1"' }, Buffer.from([0xfc, 0x21])],
  "/unknown-charset": [{ "content-type": "text/plain; charset=klingon" }, Buffer.from("ü")],
  "/utf16": [{ "content-type": "text/plain" }, Buffer.from("\uFEFFhi", "utf16le")],
  "/image": [{ "content-type": "image/png" }, Buffer.from([1, 2, 3])],
  "/untyped": [{}, Buffer.from("plain")],
  "/untyped-binary": [{}, Buffer.from([0x41, 0, 0x42])],
  "/gzip": [{ "content-type": "text/plain", "content-encoding": "gzip" }, gzipSync("text")],
  "/empty": [{ "content-type": "image/png" }, Buffer.alloc(0)],
  "/large": [{ "content-type": "text/plain" }, Buffer.from("é".repeat(2_000))],
};

beforeAll(async () => {
  server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      last = {
        method: request.method ?? "",
        headers: request.headers,
        body: Buffer.concat(chunks).toString(),
      };
      const [headers, body] = answers[request.url ?? ""] ?? [
        { "content-type": "application/json" },
        Buffer.from(JSON.stringify(request.headers)),
      ];
      response.writeHead(200, headers).end(body);
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

const url = (path: string) => `http://127.0.0.1:${port}${path}`;

async function call(
  args: Record<string, unknown>,
  settings: Partial<HttpRequestFile> = {},
): Promise<unknown> {
  const tool = createHttpRequest({ allow_private_hosts: ["127.0.0.1"], ...settings });
  return await tool.execute(args, toolContext());
}

describe("http_request", () => {
  test("calls nothing until hosts are allowed, and says so", async () => {
    for (const settings of [undefined, {}, { allow_hosts: [] }]) {
      const tool = createHttpRequest(settings);
      const error = await rejection(Promise.resolve(tool.execute({ url: url("/json") }, toolContext())));

      expect(String(error)).toMatch(/operator has to name the hosts under tools\.http_request\.allow_hosts/);
    }
  });

  test("does not call a private address of a host that is only allowed", async () => {
    const error = await rejection(
      call({ url: url("/json") }, { allow_hosts: ["127.0.0.1"], allow_private_hosts: [] }),
    );

    expect(String(error)).toMatch(/private/);
  });

  test("gives status, some headers and the text", async () => {
    expect(await call({ url: url("/json") })).toEqual({
      status: 200,
      headers: { "content-type": "application/json" },
      body: '{"a":"ü"}',
    });
  });

  for (const [path, body] of [
    ["/latin", "ü!"],
    ["/unknown-charset", "ü"],
    ["/utf16", "hi"],
    ["/untyped", "plain"],
    ["/empty", ""],
    ["/image", "[3 bytes, image/png: not shown]"],
    ["/untyped-binary", "[3 bytes, no text: not shown]"],
  ] as const) {
    test(`reads ${path}`, async () => {
      expect(await call({ url: url(path) })).toMatchObject({ body });
    });
  }

  test("does not unpack what nobody asked to be packed", async () => {
    expect(await call({ url: url("/gzip") })).toMatchObject({
      body: expect.stringContaining("compressed with gzip"),
    });
  });

  test("cuts what is too long, between characters", async () => {
    expect(await call({ url: url("/large") }, { max_bytes: 1_025 })).toMatchObject({
      body: "é".repeat(512),
      truncated: true,
    });
  });

  test("sends a JSON value as such", async () => {
    await call({ method: "POST", url: url("/json"), json: { a: [1] } });

    expect(last).toMatchObject({
      method: "POST",
      body: '{"a":[1]}',
      headers: { "content-type": "application/json" },
    });
  });

  test("sends a text with headers", async () => {
    await call({
      method: "POST",
      url: url("/json"),
      body: "a=b",
      headers: { "Content-Type": "text/plain", "X-Mine": "1" },
    });

    expect(last).toMatchObject({ body: "a=b", headers: { "content-type": "text/plain", "x-mine": "1" } });
  });

  for (const [what, args, problem] of [
    ["a method that is not allowed", { method: "DELETE" }, /method must be one of GET, HEAD, POST/],
    ["a body with GET", { body: "a" }, /has no body/],
    ["a body and JSON", { method: "POST", body: "a", json: 1 }, /Only one/],
    ["another host in its header", { headers: { Host: "evil.test" } }, /"Host" cannot be set/],
    ["a length of its own", { headers: { "content-length": "1" } }, /cannot be set/],
    ["a header of a proxy", { headers: { "Proxy-Authorization": "a" } }, /cannot be set/],
    ["a header name with a line end", { headers: { "a\r\nb": "c" } }, /cannot be set/],
    ["a header value with a line end", { headers: { a: "b\r\nc: d" } }, /visible ASCII/],
    ["a header value that is no text", { headers: { a: 1 } }, /visible ASCII/],
    ["no address", { url: "" }, /http:\/\/ or https:\/\//],
  ] as const) {
    test(`refuses ${what}`, async () => {
      expect(String(await rejection(call({ url: url("/json"), ...args })))).toMatch(problem);
    });
  }

  test("sends the operator's headers, and masks them where a server repeats them", async () => {
    const settings = {
      headers: { "X-Team": "everybody-1" },
      host_headers: {
        "127.0.0.1": { Authorization: "Bearer canary-token" },
        "other.test": { "X-Key": "canary-other" },
      },
    };
    const answer = await call({ url: url("/echo"), headers: { authorization: "mine" } }, settings);

    expect(last.headers).toMatchObject({ "x-team": "everybody-1", authorization: "Bearer canary-token" });
    expect(last.headers).not.toHaveProperty("x-key");
    expect(JSON.stringify(answer)).not.toMatch(/canary|everybody-1/);
  });
});
