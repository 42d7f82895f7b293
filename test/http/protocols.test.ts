import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { Elysia } from "elysia";
import { ServeError } from "../../src/core/error.ts";
import { anthropic, toAnthropicError } from "../../src/http/protocols/anthropic.ts";
import { openai } from "../../src/http/protocols/openai.ts";
import { createProtocolOf } from "../../src/http/protocols/protocol.ts";
import { type Served, serveRoutes } from "./support.ts";

describe("the protocol of a request", () => {
  const protocolOf = createProtocolOf(openai, [
    { path: "/a", protocol: anthropic },
    { path: "/b", header: "x-who", protocol: anthropic },
  ]);
  for (const [path, header, protocol] of [
    ["/a", undefined, anthropic],
    ["/a/c", undefined, anthropic],
    ["/ab", undefined, openai],
    ["/", undefined, openai],
    ["/b", undefined, openai],
    ["/b/c", "me", anthropic],
    ["/c", "me", openai],
  ] as const) {
    test(`${path} with header ${header} has the right one`, () => {
      const headers = new Headers(header === undefined ? {} : { "x-who": header });

      expect(protocolOf(path, headers)).toBe(protocol);
    });
  }
});

describe("Anthropic's envelope", () => {
  for (const [param, message, expected] of [
    [undefined, "No.", "No."],
    ["max_tokens", "'max_tokens' is required.", "'max_tokens' is required."],
    ["messages[1]", "This is no text.", "messages[1]: This is no text."],
  ] as const) {
    test(`names ${param}, once`, () => {
      const error = new ServeError("invalid_request", message, param === undefined ? {} : { param });

      expect(toAnthropicError(error, "req_1")).toEqual({
        type: "error",
        error: { type: "invalid_request_error", message: expected },
        request_id: "req_1",
      });
    });
  }
});

const fail = (kind: "unavailable" | "internal") => () => {
  throw kind === "internal"
    ? new Error("secret")
    : new ServeError(kind, "Busy.", { code: "server_is_overloaded", retryAfterSeconds: 2 });
};

describe("a failure under a path of Anthropic's", () => {
  let served: Served;
  beforeAll(() => {
    served = serveRoutes(
      new Elysia({ normalize: false })
        .get("/anthropic/busy", fail("unavailable"))
        .get("/anthropic/bug", fail("internal"))
        .get("/openai/busy", fail("unavailable")),
      { keys: ["sk-1234567890abcdef"] },
    );
  });
  afterAll(() => served[Symbol.asyncDispose]());

  const key = { authorization: "Bearer sk-1234567890abcdef" };
  for (const [what, method, path, headers, status, type] of [
    ["of the handler", "GET", "/anthropic/busy", key, 529, "overloaded_error"],
    ["that nobody foresaw", "GET", "/anthropic/bug", key, 500, "api_error"],
    ["for want of a key", "GET", "/anthropic/busy", {}, 401, "authentication_error"],
    ["for want of a route", "GET", "/anthropic/nothing", key, 404, "not_found_error"],
    ["for a method", "POST", "/anthropic/busy", key, 405, "invalid_request_error"],
  ] as const) {
    test(`${what} has Anthropic's form`, async () => {
      const response = await fetch(`${served.url}${path}`, { method, headers });

      expect(response.status).toBe(status);
      expect(await response.json()).toEqual({
        type: "error",
        error: { type, message: expect.any(String) },
        request_id: response.headers.get("request-id"),
      });
      expect(response.headers.get("x-request-id")).toBe(response.headers.get("request-id"));
      expect(response.headers.get("openai-version")).toBeNull();
    });
  }

  test("keeps the headers that tell when to retry", async () => {
    const response = await fetch(`${served.url}/anthropic/busy`, { headers: key });

    expect(response.headers.get("retry-after")).toBe("2");
    expect(response.headers.get("retry-after-ms")).toBe("2000");
  });

  test("is told to the log with the status that was sent", async () => {
    await fetch(`${served.url}/anthropic/busy`, { headers: key });

    expect(served.log.lines).toContain("error ✗ 529 GET /anthropic/busy: Busy.");
  });

  test("leaves the form of other paths", async () => {
    const response = await fetch(`${served.url}/openai/busy`, { headers: key });

    expect(response.status).toBe(503);
    expect(await response.json()).toEqual({
      error: { message: "Busy.", type: "server_error", param: null, code: "server_is_overloaded" },
    });
    expect(response.headers.get("request-id")).toBeNull();
  });
});
