import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { errorOf, expectError, expectNoBackendDetail } from "../../support/expectations.ts";
import type { ChatBody, ChatChunk } from "../../support/openai-wire.ts";
import { chatText, user } from "../../support/openai-wire.ts";
import { describeBlackBox } from "../../support/prerequisites.ts";
import type { UpstreamAnswer, UpstreamScript } from "../../support/upstream/upstream.ts";
import { post, postStream, send } from "../../support/wire.ts";
import { lastText } from "../agents/upstream-body.ts";
import { startUpstreamBed, type UpstreamBed, upstreamKey } from "./bed.ts";
import { failureOf } from "../../support/clients/failure.ts";
import { type Sdk, sdks } from "./sdks.ts";

const delta = (fields: object, finish_reason: string | null = null) => ({
  choices: [{ index: 0, delta: fields, finish_reason }],
});
const failed = (status: number, error: object | string, headers: Readonly<Record<string, string>> = {}) => ({
  status,
  whole: { error },
  headers,
});
const quoted = `Incorrect API key provided: ${upstreamKey}, at http://10.20.30.40:8000/v1 (/srv/models/a).`;

interface Row {
  answer: UpstreamAnswer;
  status: number;
  code: string;
  type?: string;
  param?: string;
  shouldRetry?: string;
  message?: RegExp;
}

/** What an upstream's answer is for a client, by what happened there. */
const rows: Readonly<Record<string, Row>> = {
  "a wrong key": {
    answer: failed(401, { message: quoted, code: "invalid_api_key", type: "invalid_request_error" }),
    status: 502,
    code: "upstream_unauthorized",
    shouldRetry: "false",
  },
  "a key without access": {
    answer: failed(403, quoted),
    status: 502,
    code: "upstream_unauthorized",
    shouldRetry: "false",
  },
  "a wrong key, as Gemini says it": {
    answer: {
      status: 400,
      whole: [{ error: { code: 400, message: "API key not valid. Please pass one." } }],
    },
    status: 502,
    code: "upstream_unauthorized",
    shouldRetry: "false",
  },
  "a rate limit": {
    answer: failed(429, { message: quoted, code: "rate_limit_exceeded" }, { "retry-after": "7" }),
    status: 429,
    type: "requests",
    code: "rate_limit_exceeded",
    message: /try again in 7s/,
  },
  "a quota that is used up": {
    answer: failed(429, { message: "You exceeded your quota.", code: "insufficient_quota" }),
    status: 429,
    type: "insufficient_quota",
    code: "insufficient_quota",
    shouldRetry: "false",
  },
  "a prompt that is too long": {
    answer: failed(400, {
      message: "This model's maximum context length is 10 tokens, your messages resulted in 12 tokens.",
      code: "context_length_exceeded",
      param: "messages",
    }),
    status: 400,
    code: "context_length_exceeded",
    param: "messages",
    message: /exceeds the context window.*maximum context length is 10 tokens/,
  },
  "a prompt that is too long, as llama.cpp says it": {
    answer: failed(400, {
      code: 400,
      message: "the request exceeds the available context size. try increasing the context size",
      type: "exceed_context_size_error",
    }),
    status: 400,
    code: "context_length_exceeded",
    message: /maximum context length/,
  },
  "a model that it does not have": {
    answer: failed(404, { message: 'model "x" not found, try pulling it first', type: "api_error" }),
    status: 404,
    code: "upstream_model_not_found",
    param: "model",
  },
  "a field that it refuses": {
    answer: failed(400, { message: "Unsupported value: 'temperature' must be 1.", param: "temperature" }),
    status: 400,
    code: "upstream_invalid_argument",
    param: "temperature",
    message: /must be 1/,
  },
  "a field that it refuses, as FastAPI says it": {
    answer: {
      status: 422,
      whole: { detail: [{ loc: ["body", "top_p"], msg: "Input should be less than 1", type: "less_than" }] },
    },
    status: 400,
    code: "upstream_invalid_argument",
    param: "top_p",
  },
  "a failure of its own": { answer: failed(500, { message: quoted }), status: 502, code: "upstream_error" },
  "a page of a proxy": {
    answer: { raw: ["<html>502 Bad Gateway</html>"], status: 502, headers: { "content-type": "text/html" } },
    status: 502,
    code: "upstream_error",
  },
  overload: {
    answer: failed(529, { message: "Overloaded", type: "overloaded_error" }),
    status: 503,
    code: "upstream_unavailable",
  },
  "a redirect": {
    answer: { raw: [""], status: 307, headers: { location: "http://127.0.0.1:1/v1" } },
    status: 502,
    code: "upstream_error",
    shouldRetry: "false",
  },
  "an error under the status 200": {
    answer: { whole: { error: { message: quoted, code: "overloaded" } } },
    status: 503,
    code: "upstream_unavailable",
  },
  "an error as the first event": {
    answer: { chunks: [{ error: { message: quoted, type: "server_error", code: null } }] },
    status: 502,
    code: "upstream_error",
  },
  "no JSON": { answer: { raw: ["{nope"] }, status: 502, code: "upstream_error" },
  "a connection cut at once": { answer: { raw: [], ending: "drop" }, status: 502, code: "upstream_error" },
  silence: { answer: "hang", status: 504, code: "timeout" },
};

/** Failures after the first words, and the code that the client gets. */
const midstream: Readonly<Record<string, [UpstreamAnswer, string]>> = {
  "an error, then": [
    {
      chunks: [delta({ content: "Hi" }), { error: { message: quoted, code: "rate_limit_exceeded" } }],
      ending: "drop",
    },
    "rate_limit_exceeded",
  ],
  "an error as a text, then": [{ chunks: [delta({ content: "Hi" }), { error: quoted }] }, "upstream_error"],
  "an event called error, then": [
    {
      chunks: [delta({ content: "Hi" }), `event: error\ndata: ${JSON.stringify({ message: quoted })}\n\n`],
    },
    "upstream_error",
  ],
  "no JSON, then": [{ chunks: [delta({ content: "Hi" }), "data: {nope\n\n"] }, "upstream_error"],
  "a cut connection, then": [{ chunks: [delta({ content: "Hi" })], ending: "drop" }, "upstream_error"],
  "a finish reason that is a failure, then": [
    { chunks: [delta({ content: "Hi" }), delta({}, "error")] },
    "upstream_error",
  ],
  "silence, then": [{ chunks: [delta({ content: "Hi" })], ending: "hang" }, "timeout"],
};

let secondChances = 0;

const script: UpstreamScript = (body) => {
  const question = lastText(body, "user");
  if (question === "Wait a little") return failed(429, { message: "Slow down." }, { "retry-after-ms": "20" });
  if (question === "Come again") {
    const isFirst = secondChances++ % 2 === 0;
    return isFirst ? failed(503, { message: "Loading model" }, { "retry-after": "0.02" }) : { text: "Hi" };
  }
  return rows[question]?.answer ?? midstream[question]?.[0] ?? { text: "Hi" };
};

const bodyOf = (text: string) => ({ model: "gpt-4o-mini", ...user(text) });

describeBlackBox("An OpenAI-compatible upstream that fails", () => {
  let bed: UpstreamBed;
  /** Everything that clients were shown. */
  const shown: string[] = [];
  beforeAll(async () => {
    bed = await startUpstreamBed(script, {
      args: ["--first-token-timeout", "1s", "--token-timeout", "1s", "--head-start", "5s"],
      config: { log: { level: "debug", content: "full" } },
    });
  });
  afterAll(() => bed.stop());
  const chat = () => `${bed.url}/chat/completions`;

  describe("before its first word:", () => {
    for (const [what, row] of Object.entries(rows)) {
      test(`${what} is ${row.status} ${row.code}, whole and streamed`, async () => {
        for (const stream of [false, true]) {
          const answer = await post(chat(), { ...bodyOf(what), stream });
          shown.push(answer.text);

          const { status, code, type, param = null } = row;
          const error = expectError(answer, { status, code, param, ...(type === undefined ? {} : { type }) });
          expect(error.message).toMatch(row.message ?? /./);
          expectNoBackendDetail(answer.text);
          expect(answer.headers.get("x-should-retry")).toBe(row.shouldRetry ?? null);
        }
      });
    }

    test("when to come back is passed on", async () => {
      const { headers } = await post(chat(), bodyOf("a rate limit"));

      expect([headers.get("retry-after"), headers.get("retry-after-ms")]).toEqual(["7", "7000"]);
    });
  });

  describe("after its first word:", () => {
    for (const [what, [, code]] of Object.entries(midstream)) {
      test(`${what}, streamed, is the text so far and an error`, async () => {
        const { chunks, text } = await postStream<ChatChunk>(chat(), bodyOf(what));
        shown.push(text);

        expect(chatText(chunks)).toBe("Hi");
        expect(errorOf(chunks.at(-1)).code).toBe(code);
        expectNoBackendDetail(text);
      });

      test(`${what}, whole, is an error and no part of the text`, async () => {
        const answer = await post(chat(), bodyOf(what));
        shown.push(answer.text);

        expect(answer.status).toBeWithin(400, 600);
        expectError(answer, {
          status: answer.status,
          code,
          ...(answer.status === 429 ? { type: "requests" } : {}),
        });
        expect(answer.text).not.toContain("Hi");
      });
    }
  });

  for (const { name, start } of sdks) {
    describe(name, () => {
      let sdk: Sdk;
      beforeAll(async () => {
        sdk = await start();
      });
      afterAll(() => sdk.stop());
      const create = (text: string, maxRetries = 0) =>
        sdk.value<ChatBody>({
          baseUrl: bed.url,
          call: "chat.completions.create",
          arguments: bodyOf(text),
          maxRetries,
        });

      for (const [what, kind] of [
        ["a wrong key", "InternalServerError"],
        ["a rate limit", "RateLimitError"],
        ["a prompt that is too long", "BadRequestError"],
        ["a model that it does not have", "NotFoundError"],
      ] as const) {
        test(`${what} is a ${kind}`, async () => {
          const failure = await failureOf(create(what));
          shown.push(JSON.stringify(failure));

          expect(failure.classes).toContain(kind);
          expect(failure).toMatchObject({ status: rows[what]?.status, code: rows[what]?.code });
        });
      }

      test("tries again when it is told to, and says so in the end", async () => {
        const before = bed.upstream.calls.length;

        const failure = await failureOf(create("Wait a little", 2));

        expect(failure).toMatchObject({ status: 429 });
        expect(bed.upstream.calls.length - before).toBe(3);
      });

      test("gets the answer of the second try", async () => {
        const answer = await create("Come again", 2);

        expect(answer.choices[0]?.message.content).toBe("Hi");
      });

      test("does not try again with a key that is wrong", async () => {
        const before = bed.upstream.calls.length;

        await failureOf(create("a wrong key", 2));

        expect(bed.upstream.calls.length - before).toBe(1);
      });

      test("raises what comes in mid-stream", async () => {
        const [baseUrl, body] = [bed.url, bodyOf("an error, then")];

        const streamed = await failureOf(
          sdk.items({ baseUrl, call: "chat.completions.create", arguments: { ...body, stream: true } }),
        );
        const helped = await failureOf(
          sdk.final({ baseUrl, call: "chat.completions.stream", arguments: body }),
        );

        for (const failure of [streamed, helped]) {
          expect(failure.classes).toContain("APIError");
          expect(failure.code).toBe("rate_limit_exceeded");
          shown.push(JSON.stringify(failure));
        }
      });
    });
  }

  test("the key is in every call, and in nothing that anybody sees", async () => {
    for (const path of ["/", "/health", "/ready", "/v1/models", "/docs/json"]) {
      shown.push((await send(bed.gateway.url + path)).text);
    }

    expect(bed.upstream.requests.length).toBeGreaterThan(Object.keys(rows).length);
    for (const { headers } of bed.upstream.requests)
      expect(headers.authorization).toBe(`Bearer ${upstreamKey}`);
    expect(shown.join("\n")).not.toContain(upstreamKey);
    expect(bed.gateway.log()).not.toContain(upstreamKey);
    // The log has the upstream's own words all the same.
    expect(bed.gateway.log()).toContain("Incorrect API key provided");
  });

  test("an upstream that is not there is 503", async () => {
    const lost = await startUpstreamBed();
    await lost.upstream.close();
    try {
      const answer = await post(`${lost.url}/chat/completions`, bodyOf("Hi"));

      expectError(answer, { status: 503, code: "upstream_unavailable" });
      expect(Number(answer.headers.get("retry-after"))).toBeWithin(1, 61);
      expectNoBackendDetail(answer.text);
    } finally {
      await lost.stop();
    }
  });
});
