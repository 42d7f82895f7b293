import { describe, expect, test } from "bun:test";
import { ServeError } from "../../../src/core/error.ts";
import type { UpstreamAnswer } from "../../support/upstream/upstream.ts";
import { delta, startBed } from "./support.ts";

const error = (status: number, fields: object, headers: Record<string, string> = {}): UpstreamAnswer => ({
  status,
  whole: { error: fields },
  headers,
});

const statuses: readonly [string, UpstreamAnswer, Partial<ServeError>][] = [
  [
    "400 keeps message, code and param",
    error(400, {
      message: "Invalid schema for function 'f'.",
      type: "invalid_request_error",
      code: "invalid_function_parameters",
      param: "tools[0].function.parameters",
    }),
    {
      kind: "invalid_request",
      message: "Invalid schema for function 'f'.",
      code: "invalid_function_parameters",
      param: "tools[0].function.parameters",
    },
  ],
  [
    "400 without a body",
    { status: 400, whole: "" },
    { kind: "invalid_request", code: "upstream_invalid_argument" },
  ],
  [
    "a code that is a number is none",
    error(400, { message: "Bad.", code: 400 }),
    { kind: "invalid_request", code: "upstream_invalid_argument" },
  ],
  [
    "422 of FastAPI",
    {
      status: 422,
      whole: { detail: [{ loc: ["body", "messages", 0, "role"], msg: "Input should be 'user'" }] },
    },
    { kind: "invalid_request", message: "Input should be 'user'", param: "messages[0].role" },
  ],
  [
    "an error in a list, as Gemini's",
    { status: 400, whole: [{ error: { code: 400, message: "Bad field.", status: "INVALID_ARGUMENT" } }] },
    { kind: "invalid_request", message: "Bad field." },
  ],
  [
    "an error that is a text",
    { status: 400, whole: { error: "Bad." } },
    { kind: "invalid_request", message: "Bad." },
  ],
  [
    "an older error of vLLM's",
    { status: 400, whole: { object: "error", message: "Bad.", type: "BadRequestError", code: 400 } },
    { kind: "invalid_request", message: "Bad." },
  ],
  [
    "401",
    error(401, { message: "Incorrect API key provided: sk-abc" }),
    { kind: "upstream", code: "upstream_unauthorized", shouldRetry: false },
  ],
  [
    "403",
    error(403, { message: "no" }),
    { kind: "upstream", code: "upstream_unauthorized", shouldRetry: false },
  ],
  [
    "400 for a wrong key",
    error(400, { message: "API key not valid. Please pass a valid API key." }),
    { kind: "upstream", code: "upstream_unauthorized" },
  ],
  [
    "402",
    error(402, { message: "Insufficient Balance" }),
    { kind: "rate_limited", code: "insufficient_quota", shouldRetry: false },
  ],
  [
    "404 of a model",
    error(404, { message: "The model `x` does not exist", code: "model_not_found" }),
    { kind: "not_found", code: "upstream_model_not_found", param: "model" },
  ],
  [
    "404 of a model, in words",
    error(404, { message: 'model "x" not found, try pulling it first' }),
    { kind: "not_found", code: "upstream_model_not_found" },
  ],
  [
    "404 of a path",
    { status: 404, whole: "404 page not found" },
    { kind: "upstream", code: "upstream_error", shouldRetry: false },
  ],
  ["409", error(409, { message: "x" }), { kind: "upstream", code: "upstream_error" }],
  ["413", error(413, { message: "x" }), { kind: "too_large", code: "request_too_large" }],
  [
    "429",
    error(
      429,
      { message: "Rate limit reached for gpt-4o in organization org-abcdefgh" },
      { "retry-after": "7" },
    ),
    {
      kind: "rate_limited",
      code: "rate_limit_exceeded",
      retryAfterSeconds: 7,
      message: "The model server's rate limit is reached. Please try again in 7s.",
    },
  ],
  [
    "429 in milliseconds",
    error(429, { message: "x" }, { "retry-after": "2", "retry-after-ms": "1500" }),
    { retryAfterSeconds: 1.5 },
  ],
  [
    "429 with x-should-retry",
    error(429, { message: "x" }, { "x-should-retry": "false" }),
    { kind: "rate_limited", shouldRetry: false },
  ],
  [
    "429 of a quota",
    error(
      429,
      { message: "You exceeded your current quota", code: "insufficient_quota" },
      { "x-should-retry": "true" },
    ),
    { kind: "rate_limited", code: "insufficient_quota", shouldRetry: false },
  ],
  [
    "500",
    error(500, { message: "trace at /srv/app.py" }),
    { kind: "upstream", code: "upstream_error", message: "The model server failed." },
  ],
  [
    "502 with a page",
    { raw: ["<html>"], status: 502, headers: { "content-type": "text/html" } },
    { kind: "upstream", code: "upstream_error" },
  ],
  [
    "503 with a time",
    error(503, { message: "x" }, { "retry-after": "30" }),
    { kind: "unavailable", code: "upstream_unavailable", retryAfterSeconds: 30 },
  ],
  ["504", error(504, { message: "x" }), { kind: "timeout", code: "timeout" }],
  ["529", error(529, { message: "Overloaded" }), { kind: "unavailable", code: "upstream_unavailable" }],
  [
    "a redirect",
    { status: 302, whole: {}, headers: { location: "http://elsewhere/" } },
    { kind: "upstream", code: "upstream_error", shouldRetry: false },
  ],
  [
    "a context that is too long",
    error(400, {
      message: "This model's maximum context length is 10 tokens. However, you requested 20 tokens.",
      code: "context_length_exceeded",
      param: "messages",
    }),
    { kind: "invalid_request", code: "context_length_exceeded", param: "messages" },
  ],
  [
    "a context that is too long, in other words",
    error(400, { message: "prompt is too long: 20 tokens > 10 maximum" }),
    { kind: "invalid_request", code: "context_length_exceeded" },
  ],
];

describe("a failure of the upstream keeps what is true of it:", () => {
  for (const [what, answer, expected] of statuses) {
    test(what, async () => {
      await using bed = await startBed(() => answer);

      const { failure } = await bed.ask();

      expect(failure).toMatchObject(expected);
    });
  }

  test("a retry time that is a date counts from now", async () => {
    const date = new Date(Date.now() + 20_000).toUTCString();
    await using bed = await startBed(() => error(429, { message: "x" }, { "retry-after": date }));

    const { failure } = await bed.ask();

    const { retryAfterSeconds: seconds = 0 } = ServeError.from(failure);
    expect(seconds).toBeGreaterThan(15);
    expect(seconds).toBeLessThanOrEqual(20);
  });

  test("the phrases that clients look for are in a message about the context", async () => {
    await using bed = await startBed(() => error(400, { message: "prompt is too long" }));

    const { failure } = await bed.ask();

    expect(String(failure)).toContain("maximum context length");
    expect(String(failure)).toContain("exceeds the context window");
  });
});

const secret = "sk-proj-0123456789abcdef";

describe("nothing that is not the client's business is shown:", () => {
  const leaks = [
    `Wrong ${secret} here`,
    "Bearer abc.def-ghi is bad",
    "see https://internal.example/x?y=1 now",
    "no route to 10.1.2.3:8000",
    "cannot reach vllm.internal.svc:8000",
    "at [fd00::1]:8000",
    "in /srv/models/secret.py line 3",
    "two\nlines\u0000",
  ];
  for (const leak of leaks) {
    test(JSON.stringify(leak), async () => {
      await using bed = await startBed(() => error(400, { message: `Bad: ${leak}` }), {
        config: { api_key_env: "THE_KEY" },
        variables: { THE_KEY: secret },
      });

      const { failure } = await bed.ask();

      const { message, cause } = ServeError.from(failure);
      for (const text of [message, String(cause)]) {
        expect(text).toContain("Bad:");
        expect(text).not.toMatch(/sk-|abc\.def|internal|10\.1|fd00|srv|\n|\0/);
      }
    });
  }

  test("a long message is cut", async () => {
    await using bed = await startBed(() => error(400, { message: "x".repeat(100_000) }));

    const { failure } = await bed.ask();

    expect(ServeError.from(failure).message.length).toBeLessThanOrEqual(500);
  });

  test("a message of ours names no address when nobody answers", async () => {
    await using bed = await startBed(() => "hang");
    await bed.upstream.close();

    const { failure } = await bed.ask();

    expect(failure).toMatchObject({ kind: "unavailable", code: "upstream_unavailable" });
    expect(ServeError.from(failure).message).not.toContain("127.0.0.1");
  });
});

const frames: readonly [string, unknown, Partial<ServeError>][] = [
  ["an object", { error: { message: "x", type: "server_error" } }, { kind: "upstream" }],
  ["a text", { error: "x" }, { kind: "upstream" }],
  ["with a status", { error: { message: "x", code: 429 } }, { kind: "rate_limited" }],
  [
    "with a type",
    { error: { message: "Bad.", type: "invalid_request_error" } },
    { kind: "invalid_request", message: "Bad." },
  ],
  [
    "beside choices",
    { error: { message: "x", code: 502 }, choices: [{ index: 0, delta: {}, finish_reason: "error" }] },
    { kind: "upstream" },
  ],
  ["by the event's name", 'event: error\ndata: {"message":"x"}\n\n', { kind: "upstream" }],
  [
    "overloaded",
    { type: "error", error: { type: "overloaded_error", message: "Overloaded" } },
    { kind: "unavailable" },
  ],
];

describe("an error within a stream is thrown:", () => {
  for (const [what, frame, expected] of frames) {
    test(what, async () => {
      await using bed = await startBed(() => ({ chunks: [delta({ content: "Hi" }), frame] }));

      const { batches, failure } = await bed.ask();

      expect(failure).toMatchObject(expected);
      expect(batches.flat()[0]).toMatchObject({ type: "text-delta", text: "Hi" });
    });
  }

  test("an error that is answered whole with status 200", async () => {
    await using bed = await startBed(() => ({ whole: { error: { message: "Bad.", code: 400 } } }));

    const { failure } = await bed.ask();

    expect(failure).toMatchObject({ kind: "invalid_request", message: "Bad." });
  });
});

test("an answer that is compressed, though that was not asked for, is a failure that the log explains", async () => {
  await using bed = await startBed(() => ({
    raw: [Bun.gzipSync(new TextEncoder().encode("data: [DONE]\n\n"))],
    headers: { "content-type": "text/event-stream", "content-encoding": "gzip" },
  }));

  const { failure } = await bed.ask();

  expect(failure).toMatchObject({ kind: "upstream", code: "upstream_error" });
  expect(failure).toHaveProperty("cause.message", expect.stringContaining("compressed"));
});
