import { describe, expect, test } from "bun:test";
import { ServeError } from "../../src/core/error.ts";
import { createAuthenticate } from "../../src/http/auth.ts";

const key = "sk-abcdefgh12345678";

function failureOf(keys: readonly string[], headers: Record<string, string>): unknown {
  try {
    createAuthenticate(keys)(new Headers(headers));
    return undefined;
  } catch (thrown) {
    return thrown;
  }
}

describe("with keys", () => {
  const accepted: readonly Record<string, string>[] = [
    { authorization: `Bearer ${key}` },
    { authorization: `bearer ${key}` },
    { authorization: `BEARER   ${key}` },
    { "api-key": key },
    { "x-api-key": key },
    { authorization: "Basic x", "api-key": key },
    { authorization: "Bearer second" },
  ];
  for (const headers of accepted) {
    test(`${JSON.stringify(headers)} is let in`, () => {
      expect(failureOf([key, "second"], headers)).toBeUndefined();
    });
  }

  const refused: readonly Record<string, string>[] = [
    {},
    { authorization: "" },
    { authorization: "Bearer" },
    { authorization: "Bearer " },
    { authorization: key },
    { authorization: `Basic ${key}` },
    { authorization: `Bearer ${key}x` },
    { authorization: `Bearer ${key.slice(0, -1)}` },
    { authorization: `Bearer ${key.toUpperCase()}` },
    { authorization: "Bearer wrong", "api-key": key },
    { "api-key": "" },
  ];
  for (const headers of refused) {
    test(`${JSON.stringify(headers)} is refused`, () => {
      expect(failureOf([key, "second"], headers)).toMatchObject({
        kind: "unauthenticated",
        code: "invalid_api_key",
      });
    });
  }

  for (const wrong of ["sk-zzzzzzzzzzzzzzzz9876", "short", "x".repeat(5_000)]) {
    test(`a wrong key of ${wrong.length} characters is not repeated, but for four at most`, () => {
      const error = ServeError.from(failureOf([key], { authorization: `Bearer ${wrong}` }));

      expect(error.message).not.toContain(wrong.slice(-5));
      expect(error.message).not.toContain(key);
    });
  }
});

describe("the owner of a key", () => {
  test("is the same for the same key, wherever it stands, and another for another", () => {
    expect(ownerOf(key)).toMatch(/^[0-9a-f]{16}$/);
    expect(ownerOf(key)).toBe(createAuthenticate([key])(new Headers({ "x-api-key": key })));
    expect(ownerOf("second")).not.toBe(ownerOf(key));
  });

  test("is not what the key is compared by", () => {
    const digest = new Bun.CryptoHasher("sha256").update(key).digest("hex");

    expect(digest).not.toContain(ownerOf(key) ?? digest);
  });

  test("is nobody where there are no keys", () => {
    expect(createAuthenticate([])(new Headers({ authorization: `Bearer ${key}` }))).toBeUndefined();
  });
});

describe("without keys", () => {
  for (const authorization of ["", "Bearer ", "Basic x", "Bearer anything"]) {
    test(`${JSON.stringify(authorization)} is let in`, () => {
      expect(failureOf([], { authorization })).toBeUndefined();
    });
  }
});

function ownerOf(given: string): string | undefined {
  return createAuthenticate([key, "second"])(new Headers({ authorization: `Bearer ${given}` }));
}
