import { describe, expect, test } from "bun:test";
import { errorKinds, ServeError } from "../../src/core/error.ts";

describe("ServeError", () => {
  for (const [kind, status, type] of [
    ["invalid_request", 400, "invalid_request_error"],
    ["unauthenticated", 401, "invalid_request_error"],
    ["not_found", 404, "invalid_request_error"],
    ["too_large", 413, "invalid_request_error"],
    ["rate_limited", 429, "requests"],
    ["internal", 500, "server_error"],
    ["upstream", 502, "server_error"],
    ["unavailable", 503, "server_error"],
    ["timeout", 504, "server_error"],
  ] as const) {
    test(`${kind} is ${status} ${type}`, () => {
      const error = new ServeError(kind, "A sentence.");

      expect(error).toMatchObject({ status, type });
    });
  }

  for (const [kind, status, type] of [
    ["invalid_request", 400, "invalid_request_error"],
    ["unauthenticated", 401, "authentication_error"],
    ["permission_denied", 403, "permission_error"],
    ["not_found", 404, "not_found_error"],
    ["too_large", 413, "request_too_large"],
    ["rate_limited", 429, "rate_limit_error"],
    ["internal", 500, "api_error"],
    ["upstream", 502, "api_error"],
    ["unavailable", 529, "overloaded_error"],
    ["timeout", 504, "timeout_error"],
  ] as const) {
    test(`${kind} is ${status} ${type} in Anthropic's protocol`, () => {
      const error = new ServeError(kind, "A sentence.");

      expect(error.anthropic).toEqual({ status, type });
    });
  }

  test("no kind has a status that the SDKs retry against the client's interest, or never expect", () => {
    const statuses = Object.values(errorKinds).map(({ status }) => status);

    for (const surprising of [408, 409, 422, 501]) expect(statuses).not.toContain(surprising);
  });

  test("from keeps an error that is ours", () => {
    const error = new ServeError("not_found", "There is no such model.", {
      code: "model_not_found",
      param: "model",
    });

    expect(ServeError.from(error)).toBe(error);
  });

  for (const [what, thrown] of [
    ["an error", new Error("/srv/models at 10.20.30.40")],
    ["a text", "10.20.30.40"],
    ["an object", { status: 404 }],
    ["null", null],
    ["undefined", undefined],
  ] as const) {
    test(`from hides ${what} behind a fixed sentence and keeps it as the cause`, () => {
      const error = ServeError.from(thrown);

      expect(error).toMatchObject({ kind: "internal", code: "internal_error" });
      expect(error.message).not.toContain("10.20.30.40");
      expect(error.cause).toBe(thrown);
    });
  }
});
