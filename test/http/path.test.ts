import { describe, expect, test } from "bun:test";
import { canonicalPath, createRouteTable, documentedPath, shown, toUrl } from "../../src/http/path.ts";

const table = createRouteTable([
  { method: "GET", path: "/" },
  { method: "GET", path: "/health" },
  { method: "POST", path: "/v1/chat/completions" },
  { method: "GET", path: "/v1/models" },
  { method: "GET", path: "/v1/models/*" },
  { method: "DELETE", path: "/v1/models/*" },
  { method: "GET", path: "/v1/things" },
  { method: "POST", path: "/v1/things" },
  { method: "POST", path: "/v1/things/compact" },
  { method: "GET", path: "/v1/things/:id" },
  { method: "DELETE", path: "/v1/things/:id" },
  { method: "GET", path: "/v1/things/:id/parts/:part" },
]);

describe("methods", () => {
  for (const [path, methods] of [
    ["/", ["GET"]],
    ["/v1/chat/completions", ["POST"]],
    ["/v1/things", ["GET", "POST"]],
    ["/v1/models", ["GET"]],
    ["/v1/models/a", ["GET", "DELETE"]],
    ["/v1/models/org/a", ["GET", "DELETE"]],
    ["/v1/models/", []],
    ["/v1/modelsx", []],
    ["/v1", []],
    ["/nope", []],
    ["/__proto__", []],
    ["/v1/things/a%2Fb", ["GET", "DELETE"]],
    ["/v1/things/compact", ["POST", "GET", "DELETE"]],
    ["/v1/things/a/parts/b.c", ["GET"]],
    ["/v1/things/a/parts", []],
    ["/v1/things/a/b", []],
    ["/v1/things//parts/b", []],
  ] as const) {
    test(`${path} has [${methods.join(", ")}]`, () => {
      expect(table.methods(path)).toEqual([...methods]);
    });
  }
});

describe("canonicalPath", () => {
  for (const [path, canonical] of [
    ["/", "/"],
    ["//", "/"],
    ["/health/", "/health"],
    ["/v1/chat/completions", "/v1/chat/completions"],
    ["//v1///chat//completions/", "/v1/chat/completions"],
    ["/chat/completions", "/v1/chat/completions"],
    ["/models/", "/v1/models"],
    ["/models/org%2Fa", "/v1/models/org%2Fa"],
    ["/v1/models/org/a/", "/v1/models/org/a"],
    ["/things/a//parts/b/", "/v1/things/a/parts/b"],
    ["/v1/v1/models", "/v1/models"],
    ["/v1/v1/v1/models", "/v1/v1/v1/models"],
    ["/v2/models", "/v2/models"],
    ["/V1/models", "/V1/models"],
    ["/nope", "/nope"],
  ] as const) {
    test(`${path} is ${canonical}`, () => {
      expect(canonicalPath(path, table)).toBe(canonical);
    });
  }
});

test("the documentation has names where a path has parameters", () => {
  expect(documentedPath("/v1/things/:id/parts/:part", "rest")).toBe("/v1/things/{id}/parts/{part}");
  expect(documentedPath("/v1/models/*", "model")).toBe("/v1/models/{model}");
});

describe("toUrl", () => {
  for (const [text, href] of [
    ["http://127.0.0.1:8080/v1/models?a=1", "http://127.0.0.1:8080/v1/models?a=1"],
    ["http://gpu/v1/models", "http://localhost/v1/models"],
    ["http://a:80/v1/models?a=1", "http://localhost/v1/models?a=1"],
    ["/v1/models?a=1", "http://localhost/v1/models?a=1"],
    ["//v1/models", "http://localhost//v1/models"],
    ["http://[/v1/models", "http://localhost/v1/models"],
    ["http://x:99999/v1/models", "http://localhost/v1/models"],
    ["/docs/../v1/models", "http://localhost/v1/models"],
  ] as const) {
    test(`${text} is ${href}`, () => {
      expect(toUrl(text).href).toBe(href);
    });
  }
});

test("a long path is shown cut", () => {
  expect(shown(`/${"x".repeat(10_000)}`).length).toBeLessThan(200);
});
