import { expect } from "bun:test";
import type { ErrorBody } from "./openai-wire.ts";
import type { Answer } from "./wire.ts";

export interface ExpectedError {
  status: number;
  type?: string;
  code?: string | null;
  param?: string | null;
}

/** Asserts OpenAI's error envelope, with all four keys, as the whole answer. */
export function expectError(answer: Answer, expected: ExpectedError): ErrorBody["error"] {
  expect({ status: answer.status, type: answer.headers.get("content-type") }).toEqual({
    status: expected.status,
    type: expect.stringMatching(/^application\/json/),
  });
  const error = errorOf(answer.json);
  expect(error).toMatchObject({
    type: expected.type ?? (expected.status < 500 ? "invalid_request_error" : "server_error"),
    ...(expected.code === undefined ? {} : { code: expected.code }),
    ...(expected.param === undefined ? {} : { param: expected.param }),
  });
  return error;
}

/** Asserts that `json` is an envelope with its four keys and nothing else, and gives its error. */
export function errorOf(json: unknown): ErrorBody["error"] {
  expect(json).toEqual({ error: expect.any(Object) });
  const { error }: ErrorBody = JSON.parse(JSON.stringify(json));
  expect(Object.keys(error).toSorted()).toEqual(["code", "message", "param", "type"]);
  expect(error.message).toMatch(/\S/);
  expect(error.type).toBeString();
  for (const value of [error.param, error.code])
    expect(value === null || typeof value === "string").toBe(true);
  return error;
}

/** Asserts that nothing of a backend's own error text is in what a client sees. */
export function expectNoBackendDetail(text: string): void {
  expect(text).not.toContain("10.20.30.40");
  expect(text).not.toContain("/srv/models");
  expect(text).not.toContain("127.0.0.1");
}
