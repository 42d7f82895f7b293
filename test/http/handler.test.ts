import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { Elysia } from "elysia";
import { ServeError } from "../../src/core/error.ts";
import { jsonBody } from "../../src/http/body.ts";
import { callOf } from "../../src/http/call.ts";
import { expectError } from "../support/expectations.ts";
import { until } from "../support/sources.ts";
import { rawExchange, send } from "../support/wire.ts";
import { rawClient, type Served, serveRoutes } from "./support.ts";

const page = { origin: "http://localhost:5173" };
const bodyTimeoutMs = 100;

function routes() {
  return new Elysia({ normalize: false })
    .get("/", () => Response.json({ name: "root" }))
    .get("/health", () => Response.json({ status: "healthy" }))
    .get("/v1/things", () => Response.json(["thing"]))
    .get("/v1/things/*", ({ params }) => Response.json({ id: params["*"] }))
    .get("/v1/id", ({ request }) => Response.json({ id: callOf(request).requestId }))
    .get("/v1/bug", () => {
      throw new Error("/srv/models at 10.20.30.40");
    })
    .get("/v1/busy", () => {
      throw new ServeError("unavailable", "The server is busy.", {
        code: "server_is_overloaded",
        retryAfterSeconds: 1.5,
        shouldRetry: false,
      });
    })
    .post("/v1/echo", ({ body }) => Response.json(body ?? null), {
      parse: [jsonBody({ maxBodyBytes: 1_000, maxJsonDepth: 8, maxJsonValues: 524_288, bodyTimeoutMs })],
    });
}

describe("without keys", () => {
  let served: Served;
  beforeAll(() => {
    served = serveRoutes(routes());
  });
  afterAll(() => served[Symbol.asyncDispose]());

  for (const [outcome, path, options] of [
    ["a success", "/v1/things", {}],
    ["an unknown URL", "/v1/nope", {}],
    ["a wrong method", "/v1/things", { method: "DELETE" }],
    ["a bad body", "/v1/echo", { body: "{bad" }],
    ["a bug", "/v1/bug", {}],
    ["a foreign page", "/v1/things", { headers: { origin: "https://evil.example" } }],
    ["a preflight", "/v1/things", { method: "OPTIONS", headers: page }],
    ["HEAD", "/v1/things", { method: "HEAD" }],
  ] as const) {
    test(`${outcome} carries the headers of every answer`, async () => {
      const { headers } = await send(served.url + path, options);

      expect(headers.get("x-request-id")).toMatch(/^req_[0-9a-f]{32}$/);
      expect(headers.get("openai-processing-ms")).toMatch(/^\d+$/);
      expect(headers.get("openai-version")).toBe("2020-10-01");
    });
  }

  for (const id of ["abc", "A.b:c_d-9", "req_0123456789abcdef", "x".repeat(128)]) {
    test(`the client's request id ${id.slice(0, 20)} is taken`, async () => {
      const answer = await send(`${served.url}/v1/id`, { headers: { "x-request-id": id } });

      expect([answer.headers.get("x-request-id"), answer.json]).toEqual([id, { id }]);
    });
  }

  for (const id of ["x".repeat(129), "a b", "a,b", "<b>", 'a"b', "é"]) {
    test(`the client's request id ${JSON.stringify(id.slice(0, 20))} is replaced`, async () => {
      const answer = await send(`${served.url}/v1/id`, { headers: { "x-request-id": id } });

      expect(answer.headers.get("x-request-id")).toMatch(/^req_[0-9a-f]{32}$/);
    });
  }

  for (const path of ["/nope", "/v1/nope", "/v1", "/V1/things", "/v1/things_", "/v1//nope//"]) {
    test(`GET ${path} is 404 and names it`, async () => {
      const error = expectError(await send(served.url + path), {
        status: 404,
        code: "unknown_url",
        param: null,
      });

      expect(error.message).toContain(`GET ${path}`);
    });
  }

  test("a very long unknown URL is not repeated whole", async () => {
    const error = expectError(await send(`${served.url}/${"x".repeat(5_000)}`), { status: 404 });

    expect(error.message.length).toBeLessThan(300);
  });

  for (const [method, path, allow] of [
    ["DELETE", "/v1/things", "GET"],
    ["POST", "/health", "GET"],
    ["GET", "/v1/echo", "POST"],
    ["HEAD", "/v1/echo", "POST"],
    ["PATCH", "/v1/things/a", "GET"],
  ] as const) {
    test(`${method} ${path} is 405 and says what is allowed`, async () => {
      const answer = await send(served.url + path, { method });

      expect([answer.status, answer.headers.get("allow")]).toEqual([405, allow]);
      if (method !== "HEAD") expectError(answer, { status: 405, code: "method_not_allowed" });
    });
  }

  test("OPTIONS without a page behind it says what is offered, as load balancers ask", async () => {
    const answer = await send(`${served.url}/v1/echo`, { method: "OPTIONS" });

    expect([answer.status, answer.headers.get("allow")]).toEqual([204, "POST, OPTIONS"]);
  });

  for (const [path, json] of [
    ["/things", ["thing"]],
    ["/v1/things/", ["thing"]],
    ["//v1//things", ["thing"]],
    ["/v1/things?x=1", ["thing"]],
    ["/v1/things#x", ["thing"]],
    ["/things/org/a/", { id: "org/a" }],
  ] as const) {
    test(`${path} is the same as its canonical path`, async () => {
      expect(await send(served.url + path)).toMatchObject({ status: 200, json });
    });
  }

  test("a body arrives whole under another spelling of the path", async () => {
    const body = { text: "é".repeat(300) };

    expect(await send(`${served.url}//echo/`, { body })).toMatchObject({ status: 200, json: body });
  });

  test("HEAD is GET without a body", async () => {
    expect(await send(`${served.url}/v1/things`, { method: "HEAD" })).toMatchObject({
      status: 200,
      text: "",
    });
  });

  for (const [name, request] of [
    ["HTTP/1.0 without Host, as load balancers ask", "GET /v1/things HTTP/1.0\r\n\r\n"],
    ["an empty Host", "GET /v1/things HTTP/1.1\r\nhost: \r\nconnection: close\r\n\r\n"],
    ["a Host that is none", "GET /v1/things HTTP/1.1\r\nhost: [\r\nconnection: close\r\n\r\n"],
    ["a Host of one letter", "GET /v1/things HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n"],
    ["a Host of three letters", "GET /v1/things HTTP/1.1\r\nhost: gpu\r\nconnection: close\r\n\r\n"],
    ["a whole URL as the target", "GET http://a/v1/things HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n"],
  ] as const) {
    test(`${name} is served`, async () => {
      const answer = await rawExchange(served.port, [request]);

      expect(answer).toStartWith("HTTP/1.1 200");
      expect(answer).toEndWith('["thing"]');
    });
  }

  test("an unknown URL without a Host is 404 as with one", async () => {
    const answer = await rawExchange(served.port, ["GET /nope HTTP/1.0\r\n\r\n"]);

    expect(answer).toStartWith("HTTP/1.1 404");
    expect(answer).toContain('"code":"unknown_url"');
  });

  test("a bug is 500 with a fixed sentence, and the log has the cause", async () => {
    const answer = await send(`${served.url}/v1/bug`);

    expectError(answer, { status: 500, code: "internal_error" });
    expect(answer.text).not.toContain("10.20.30.40");
    expect(JSON.stringify(served.log.fields)).toContain("10.20.30.40");
  });

  test("a failure says when to retry and whether", async () => {
    const answer = await send(`${served.url}/v1/busy`);

    expectError(answer, { status: 503, code: "server_is_overloaded" });
    expect(answer.headers.get("retry-after")).toBe("2");
    expect(answer.headers.get("retry-after-ms")).toBe("1500");
    expect(answer.headers.get("x-should-retry")).toBe("false");
  });

  for (const type of ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", "x"]) {
    test(`a JSON body is read under the content type ${type}`, async () => {
      const answer = await send(`${served.url}/v1/echo`, {
        body: { a: 1 },
        headers: { "content-type": type },
      });

      expect(answer).toMatchObject({ status: 200, json: { a: 1 } });
    });
  }

  test("`__proto__` survives the framework and changes nothing", async () => {
    const body = '{"__proto__":{"polluted":1},"a":{"__proto__":{"polluted":1}}}';

    const answer = await send(`${served.url}/v1/echo`, { body });

    expect(answer.text).toBe(body);
    expect(Object({})).not.toHaveProperty("polluted");
  });

  test("a body that trickles is answered with 400 in time", async () => {
    const client = rawClient(
      served.port,
      'POST /v1/echo HTTP/1.1\r\nhost: x\r\ncontent-length: 100\r\n\r\n{"a":',
    );

    await until(() => client.received().includes("in time"));
    client.socket.destroy();

    expect(client.received()).toStartWith("HTTP/1.1 400");
    expect(await send(`${served.url}/v1/things`)).toMatchObject({ status: 200 });
  });

  test("a client that leaves before its body is complete is no error of the server's", async () => {
    const before = served.log.lines.length;
    const client = rawClient(
      served.port,
      'POST /v1/echo HTTP/1.1\r\nhost: x\r\ncontent-length: 100\r\n\r\n{"a":',
    );
    await until(() => served.listener.activeRequests() === 1);

    client.socket.destroy();
    await until(() => served.log.lines.length > before);

    expect(served.log.lines.slice(before)).toEqual([
      expect.stringMatching(/^info ✗ 499 POST \/v1\/echo/),
      expect.stringMatching(/^debug/),
    ]);
    expect(served.listener.activeRequests()).toBe(0);
  });
});

describe("CORS", () => {
  let served: Served;
  beforeAll(() => {
    served = serveRoutes(routes(), { keys: ["sk-right-key-0001"], origins: ["https://app.example"] });
  });
  afterAll(() => served[Symbol.asyncDispose]());

  for (const path of ["/v1/echo", "/v1/nope"]) {
    test(`a preflight for ${path} needs no key and allows every header asked for`, async () => {
      const answer = await send(served.url + path, {
        method: "OPTIONS",
        headers: {
          ...page,
          "access-control-request-method": "POST",
          "access-control-request-headers": "authorization,x-stainless-os,x-foo",
          "access-control-request-private-network": "true",
        },
      });

      expect([answer.status, answer.text]).toEqual([204, ""]);
      expect(Object.fromEntries(answer.headers)).toMatchObject({
        "access-control-allow-origin": page.origin,
        "access-control-allow-methods": path === "/v1/echo" ? "POST, OPTIONS" : "OPTIONS",
        "access-control-allow-headers": "authorization,x-stainless-os,x-foo",
        "access-control-allow-private-network": "true",
        "access-control-max-age": "86400",
        vary: "origin",
      });
    });
  }

  test("a preflight of a foreign page is allowed nothing", async () => {
    const answer = await send(`${served.url}/v1/echo`, {
      method: "OPTIONS",
      headers: { origin: "https://evil.example", "access-control-request-method": "POST" },
    });

    expect(answer.headers.get("access-control-allow-origin")).toBeNull();
    expect(answer.headers.get("access-control-allow-headers")).toBeNull();
  });

  for (const [outcome, headers, status] of [
    ["a success", { authorization: "Bearer sk-right-key-0001" }, 200],
    ["a missing key", {}, 401],
  ] as const) {
    test(`${outcome} can be read by a listed page, its request id too`, async () => {
      const answer = await send(`${served.url}/v1/things`, {
        headers: { ...headers, origin: "https://app.example" },
      });

      expect(answer.status).toBe(status);
      expect(answer.headers.get("access-control-allow-origin")).toBe("https://app.example");
      expect(answer.headers.get("access-control-expose-headers")).toContain("x-request-id");
      expect(answer.headers.get("vary")).toBe("origin");
    });
  }

  test("an answer to a foreign page with a key cannot be read by it", async () => {
    const answer = await send(`${served.url}/v1/things`, {
      headers: { origin: "https://evil.example", authorization: "Bearer sk-right-key-0001" },
    });

    expect(answer.status).toBe(200);
    expect(answer.headers.get("access-control-allow-origin")).toBeNull();
  });
});

describe("with keys", () => {
  let served: Served;
  beforeAll(() => {
    served = serveRoutes(routes(), { keys: ["sk-right-key-0001"], openPaths: ["/", "/health"] });
  });
  afterAll(() => served[Symbol.asyncDispose]());

  for (const path of ["/", "/health", "/health/", "//health", "/health?x=1"]) {
    test(`${path} is open`, async () => {
      expect(await send(served.url + path)).toMatchObject({ status: 200 });
    });
  }

  for (const path of [
    "/v1/things",
    "/things",
    "//v1/things",
    "/health/../v1/things",
    "/v1/nope",
    "/health/x",
  ]) {
    test(`${path} needs a key`, async () => {
      const answer = await rawExchange(served.port, [
        `GET ${path} HTTP/1.1\r\nhost: 127.0.0.1\r\nconnection: close\r\n\r\n`,
      ]);

      expect(answer).toStartWith("HTTP/1.1 401");
    });
  }

  test("a missing key is 401 and says how to send one", async () => {
    const answer = await send(`${served.url}/v1/things`);

    const error = expectError(answer, { status: 401, code: "invalid_api_key" });
    expect(error.message).toContain("Authorization");
    expect(answer.headers.get("www-authenticate")).toBe("Bearer");
  });

  test("the key is asked for before the body is read", async () => {
    const answer = await send(`${served.url}/v1/echo`, { body: "{bad" });

    expectError(answer, { status: 401 });
  });
});
