import { describe, expect, test } from "bun:test";
import { createCors } from "../../src/http/cors.ts";

const refused = Symbol("refused");

interface Situation {
  origin?: string;
  host?: string;
  origins?: readonly string[];
  keys?: boolean;
}

/** The origin that may read the answer, undefined when nothing is said about it, or that the request is refused. */
function allowed({ origin, host = "127.0.0.1:8080", origins = [], keys = false }: Situation) {
  const cors = createCors({ origins, requireKnownOrigin: !keys });
  const headers = new Headers({ host, ...(origin === undefined ? {} : { origin }) });
  try {
    return cors.allow(new Request("http://127.0.0.1:8080/v1/models", { headers }));
  } catch (thrown) {
    expect(thrown).toMatchObject({ kind: "permission_denied", code: "origin_not_allowed" });
    return refused;
  }
}

test("a request without Origin is nobody's page", () => {
  expect(allowed({})).toBeUndefined();
});

describe("a page on this machine may read answers", () => {
  for (const origin of [
    "http://localhost",
    "http://localhost:5173",
    "https://localhost:3000",
    "http://LOCALHOST:3000",
    "http://127.0.0.1:9999",
    "http://127.1.2.3",
    "http://[::1]:3000",
    "tauri://localhost",
  ]) {
    for (const keys of [false, true]) {
      test(`${origin}, ${keys ? "with" : "without"} keys`, () => {
        expect(allowed({ origin, keys })).toBe(origin);
      });
    }
  }
});

describe("a foreign page is refused without keys, and told nothing with them", () => {
  for (const [origin, host] of [
    ["https://evil.example", "127.0.0.1:8080"],
    ["null", "127.0.0.1:8080"],
    ["http://localhost.evil.example", "127.0.0.1:8080"],
    ["http://127.0.0.1.evil.example", "127.0.0.1:8080"],
    ["http://evil.example:8080", "evil.example:8080"],
    ["http://192.168.1.5:9090", "192.168.1.5:8080"],
    ["http://192.168.1.6:8080", "192.168.1.5:8080"],
    ["not an origin", "127.0.0.1:8080"],
    ["", "127.0.0.1:8080"],
    ["*", "127.0.0.1:8080"],
  ] as const) {
    test(`${JSON.stringify(origin)} at Host ${host}`, () => {
      expect(allowed({ origin, host })).toBe(refused);
      expect(allowed({ origin, host, keys: true })).toBeUndefined();
    });
  }
});

describe("a page that this server sent under a plain address may read answers", () => {
  for (const [origin, host] of [
    ["http://192.168.1.5:8080", "192.168.1.5:8080"],
    ["http://192.168.1.5", "192.168.1.5"],
    ["http://[fd00::1]:8080", "[fd00::1]:8080"],
  ] as const) {
    test(`${origin} at Host ${host}`, () => {
      expect(allowed({ origin, host })).toBe(origin);
    });
  }
});

describe("listed origins", () => {
  for (const [origin, origins] of [
    ["https://app.example", ["https://app.example"]],
    ["https://app.example", ["https://APP.example/"]],
    ["https://app.example:444", ["https://other.example", "https://app.example:444"]],
    ["https://anything.example", ["*"]],
    ["null", ["*"]],
    ["null", ["null"]],
  ] as const) {
    test(`${origin} is allowed by ${origins.join(", ")}`, () => {
      expect(allowed({ origin, origins })).toBe(origin);
    });
  }

  for (const [origin, origins] of [
    ["http://app.example", ["https://app.example"]],
    ["https://app.example:444", ["https://app.example"]],
    ["https://sub.app.example", ["https://app.example"]],
    ["https://app.example.evil.example", ["https://app.example"]],
  ] as const) {
    test(`${origin} is not allowed by ${origins.join(", ")}`, () => {
      expect(allowed({ origin, origins })).toBe(refused);
    });
  }
});
