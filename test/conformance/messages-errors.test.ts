import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { expectError } from "../support/expectations.ts";
import { type ErrorAnswer, hello, postMessage } from "../support/message-wire.ts";
import { describeBlackBox } from "../support/prerequisites.ts";
import { type Answer, post, rawExchange, send } from "../support/wire.ts";
import { startBedWith, type Bed } from "./bed.ts";

/** Asserts that the whole answer is Anthropic's envelope; gives its message. */
function expectMessageError(answer: Answer, status: number, type: string): string {
  expect({ status: answer.status, json: answer.json }).toEqual({
    status,
    json: {
      type: "error",
      error: { type, message: expect.stringMatching(/^\S.*\.$/s) },
      request_id: expect.stringMatching(/^req_[0-9a-f]{32}$/),
    },
  });
  expect(answer.headers.get("content-type")).toMatch(/^application\/json/);
  const { request_id: id, error }: ErrorAnswer = JSON.parse(answer.text);
  expect(answer.headers.get("request-id")).toBe(id);
  expect(answer.headers.get("x-request-id")).toBe(id);
  return error.message;
}

const secret = "canary-7f3a";
const content = (...blocks: unknown[]) => ({ messages: [{ role: "user", content: blocks }] });
const tool = (more: object) => ({ tools: [{ name: "f", input_schema: { type: "object" }, ...more }] });

const mistakes: readonly (readonly [Readonly<Record<string, unknown>>, string])[] = [
  [{ max_tokens: undefined }, "max_tokens"],
  [{ max_tokens: 0 }, "max_tokens"],
  [{ max_tokens: "100" }, "max_tokens"],
  [{ max_tokens: 1e300 }, "max_tokens"],
  [{ messages: undefined }, "messages"],
  [{ messages: [] }, "messages"],
  [{ messages: secret }, "messages"],
  [{ messages: [{ role: "tool", content: secret }] }, "messages[0].role"],
  [{ messages: [{ role: "user" }] }, "messages[0].content"],
  [content(), "messages"],
  [content({ type: "thinking", thinking: secret }), "messages"],
  [content({ text: secret }), "messages[0].content[0].type"],
  [content({ type: "text", text: 5 }), "messages[0].content[0].text"],
  [content({ type: "tool_use", id: "a", name: "f", input: {} }), "messages[0].content[0].type"],
  [content({ type: "tool_result", content: secret }), "messages[0].content[0].tool_use_id"],
  [content({ type: "image", source: { type: "file", file_id: secret } }), "messages[0].content[0].source"],
  [content({ type: "document", source: { type: "url", url: secret } }), "messages[0].content[0].source"],
  [{ system: 5 }, "system"],
  [{ temperature: 99 }, "temperature"],
  [{ top_p: -1 }, "top_p"],
  [{ top_k: 1.5 }, "top_k"],
  [{ stop_sequences: [5] }, "stop_sequences[0]"],
  [{ stop_sequences: Array.from({ length: 17 }, () => "a") }, "stop_sequences"],
  [{ stream: "yes" }, "stream"],
  [{ model: 5 }, "model"],
  [tool({ name: "a b" }), "tools[0].name"],
  [tool({ input_schema: secret }), "tools[0].input_schema"],
  [tool({ input_schema: { type: "array" } }), "tools[0].input_schema.type"],
  [
    tool({ input_schema: { properties: { a: { type: "nope" } } } }),
    "tools[0].input_schema.properties.a.type",
  ],
  [{ tool_choice: { type: "some" } }, "tool_choice.type"],
  [{ tool_choice: { type: "any" } }, "tool_choice"],
  [{ ...tool({}), tool_choice: { type: "tool", name: "g" } }, "tool_choice"],
  [{ thinking: { type: "enabled" } }, "thinking.budget_tokens"],
  [{ thinking: { type: secret } }, "thinking.type"],
  [{ output_config: { effort: "most" } }, "output_config.effort"],
  [{ output_config: { format: { type: "text" } } }, "output_config.format.type"],
  [
    { output_config: { format: { type: "json_schema", schema: { type: "nope" } } } },
    "output_config.format.schema.type",
  ],
  [{ metadata: { user_id: 5 } }, "metadata.user_id"],
];

describeBlackBox("Errors of messages", () => {
  let bed: Bed;
  beforeAll(async () => {
    bed = await startBedWith(
      {
        echo: {},
        down: { behaviour: "fail", code: "UNAVAILABLE" },
        broken: { behaviour: "fail", code: "INTERNAL" },
        full: { behaviour: "fail", code: "RESOURCE_EXHAUSTED" },
        late: { behaviour: "hang", after: 0 },
      },
      {
        args: ["--max-body", "64KiB"],
        config: { timeouts: { first_token: "300ms" } },
      },
    );
  });
  afterAll(() => bed.stop());
  const url = () => bed.gateway.url;
  const ask = (body: Readonly<Record<string, unknown>> = {}) =>
    postMessage(url(), { model: "echo", ...body });

  describe("M-30: bad input is named, and not repeated", () => {
    for (const [mistake, field] of mistakes) {
      test(JSON.stringify(mistake).slice(0, 100), async () => {
        const answer = await ask(mistake);

        const message = expectMessageError(answer, 400, "invalid_request_error");
        expect(message).toContain(field);
        expect(answer.text).not.toContain(secret);
      });
    }

    test("of count_tokens as well", async () => {
      const answer = await post(`${url()}/v1/messages/count_tokens`, { model: "echo" });

      expect(expectMessageError(answer, 400, "invalid_request_error")).toContain("messages");
    });

    test("more messages than fit are refused", async () => {
      const messages = Array.from({ length: 16_385 }, () => 1);

      const message = expectMessageError(await ask({ messages }), 400, "invalid_request_error");

      expect(message).toContain("messages");
    });
  });

  test("M-27: a conversation that the server is to hold is refused as the clients expect it", async () => {
    const { status, json } = await ask({ thread: { type: "create" } });

    expect({ status, json }).toMatchObject({
      status: 400,
      json: {
        error: { type: "invalid_request_error", details: { error_code: "thread_unsupported_request" } },
      },
    });
  });

  describe("M-32: what is not there", () => {
    test("is a model", async () => {
      expectMessageError(await ask({ model: "nope" }), 404, "not_found_error");
    });

    test("is a model to count with", async () => {
      const answer = await post(`${url()}/v1/messages/count_tokens`, { ...hello, model: "nope" });

      expectMessageError(answer, 404, "not_found_error");
    });

    for (const path of ["/v1/messages/batches", "/v1/messages/msg_1", "/v1/messages/batches/x/results"]) {
      test(`is ${path}`, async () => {
        expectMessageError(await post(`${url()}${path}`, {}), 404, "not_found_error");
      });
    }

    for (const [method, path] of [
      ["GET", "/v1/messages"],
      ["DELETE", "/v1/messages"],
      ["GET", "/v1/messages/count_tokens"],
    ] as const) {
      test(`is ${method} ${path}`, async () => {
        const answer = await send(`${url()}${path}`, { method });

        expectMessageError(answer, 405, "invalid_request_error");
        expect(answer.headers.get("allow")).toBe("POST");
      });
    }
  });

  describe("M-33: a body", () => {
    for (const [what, body] of [
      ["that is empty", ""],
      ["that is no JSON", "{bad"],
      ["that is no object", "[1]"],
      ["that is nested too deeply", `{"messages":${"[".repeat(200)}${"]".repeat(200)}}`],
      ["that is no UTF-8", Uint8Array.from([0x7b, 0x22, 0xff, 0x22, 0x7d])],
    ] as const) {
      test(`${what} is 400`, async () => {
        const answer = await send(`${url()}/v1/messages`, { method: "POST", body });

        expectMessageError(answer, 400, "invalid_request_error");
      });
    }

    test("that is too large is 413", async () => {
      const messages = [{ role: "user", content: "x".repeat(64 * 1024) }];

      expectMessageError(await ask({ messages }), 413, "request_too_large");
    });

    test("that is too large and comes in parts is 413", async () => {
      const response = await fetch(`${url()}/v1/messages`, {
        method: "POST",
        body: new Blob(["x".repeat(70 * 1024)]).stream(),
      });

      expect(response.status).toBe(413);
      expect(await response.json()).toMatchObject({ type: "error", error: { type: "request_too_large" } });
    });

    test("without a content type is read", async () => {
      const body = JSON.stringify({ ...hello, model: "echo" });
      const request = `POST /v1/messages HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-length: ${body.length}\r\n\r\n${body}`;

      expect(await rawExchange(bed.gateway.port, [request])).toContain('"type":"message"');
    });
  });

  describe("M-35: a backend", () => {
    for (const [model, status, type] of [
      ["down", 529, "overloaded_error"],
      ["broken", 502, "api_error"],
      ["full", 429, "rate_limit_error"],
      ["late", 504, "timeout_error"],
    ] as const) {
      for (const stream of [false, true]) {
        test(`that is ${model} is ${status}, stream ${stream}`, async () => {
          const answer = await ask({ model, stream });

          expectMessageError(answer, status, type);
          expect(answer.text).not.toMatch(/10\.20\.30\.40|secret\.gguf/);
        });
      }
    }
  });

  test("M-36: an answer has its id, one that the client gives is kept", async () => {
    const { headers } = await postMessage(url(), { model: "echo" }, { "x-request-id": "mine-1" });

    expect(headers.get("request-id")).toBe("mine-1");
    expect(headers.get("openai-version")).toBeNull();
  });

  test("M-37: other routes keep their own errors, whoever asks", async () => {
    const headers = { "anthropic-version": "2023-06-01" };

    expectError(await post(`${url()}/v1/chat/completions`, {}, headers), { status: 400 });
    expectError(await post(`${url()}/v1/nothing`, {}, headers), { status: 404 });
    expectError(await send(`${url()}/v1/models/nope`), { status: 404 });
  });

  describe("M-42: the same route", () => {
    for (const path of [
      "/v1/messages?beta=true",
      "/v1/messages/",
      "//v1//messages",
      "/messages",
      "/v1/v1/messages",
    ]) {
      test(`is ${path}`, async () => {
        const { status, json } = await post(`${url()}${path}`, { ...hello, model: "echo" });

        expect({ status, json }).toMatchObject({ status: 200, json: { type: "message" } });
      });
    }

    for (const headers of [
      {},
      { "anthropic-version": "2023-06-01" },
      { "anthropic-version": "tomorrow", "anthropic-beta": "a-2026-01-01,b" },
    ]) {
      test(`takes the headers ${JSON.stringify(headers)}`, async () => {
        expect((await postMessage(url(), { model: "echo" }, headers)).status).toBe(200);
      });
    }
  });

  describe("M-43: a page", () => {
    const wanted = [
      "anthropic-beta",
      "anthropic-dangerous-direct-browser-access",
      "anthropic-version",
      "content-type",
      "x-api-key",
      "x-stainless-helper-method",
    ];

    test("of this machine may ask whether it may call", async () => {
      const answer = await send(`${url()}/v1/messages`, {
        method: "OPTIONS",
        headers: {
          origin: "http://localhost:3000",
          "access-control-request-method": "POST",
          "access-control-request-headers": wanted.join(","),
        },
      });

      expect(answer.status).toBe(204);
      expect(answer.headers.get("access-control-allow-headers")).toBe(wanted.join(","));
      expect(answer.headers.get("access-control-allow-methods")).toContain("POST");
    });

    test("of this machine may call, and see the id", async () => {
      const { status, headers } = await postMessage(
        url(),
        { model: "echo" },
        { origin: "http://localhost:3000", "anthropic-dangerous-direct-browser-access": "true" },
      );

      expect(status).toBe(200);
      expect(headers.get("access-control-expose-headers")).toContain("request-id");
    });

    test("from elsewhere may not, without keys", async () => {
      const answer = await postMessage(url(), { model: "echo" }, { origin: "https://evil.example" });

      expectMessageError(answer, 403, "permission_error");
    });
  });
});

const key = "sk-ant-correct-horse-battery";

describeBlackBox("Keys of messages", () => {
  let bed: Bed;
  beforeAll(async () => {
    bed = await startBedWith({ echo: {} }, { config: { auth: { keys: [key] } } });
  });
  afterAll(() => bed.stop());

  for (const [what, headers] of [
    ["no key", {}],
    ["a wrong key", { "x-api-key": "sk-ant-wrong-0123456789" }],
    ["a wrong bearer", { authorization: "Bearer sk-ant-wrong-0123456789" }],
  ] as const) {
    for (const path of ["/v1/messages", "/v1/messages/count_tokens", "/v1/messages/nothing"]) {
      test(`M-31: ${what} for ${path} is 401`, async () => {
        const answer = await post(`${bed.gateway.url}${path}`, "{bad", headers);

        expectMessageError(answer, 401, "authentication_error");
        expect(answer.text).not.toContain("sk-ant-wrong");
      });
    }
  }

  for (const headers of [{ "x-api-key": key }, { authorization: `Bearer ${key}` }]) {
    test(`M-31: the key is taken from ${Object.keys(headers).join()}`, async () => {
      expect((await postMessage(bed.gateway.url, { model: "echo" }, headers)).status).toBe(200);
    });
  }
});

describeBlackBox("Messages of a busy server", () => {
  let bed: Bed;
  beforeAll(async () => {
    bed = await startBedWith(
      { gated: {} },
      { config: { limits: { max_concurrency: 1, max_queue: 0 }, stream: { head_start: "0s" } } },
    );
  });
  afterAll(() => bed.stop());

  test("M-34: are 529, and tell when to come again", async () => {
    const controller = new AbortController();
    const first = fetch(`${bed.gateway.url}/v1/messages`, {
      method: "POST",
      body: JSON.stringify({ ...hello, stream: true }),
      signal: controller.signal,
    });
    await bed.anyserve.waitFor({ backend: "gated", outcome: "running" }, { count: 1 });

    const answer = await postMessage(bed.gateway.url);
    controller.abort();
    await first.then(
      (response) => response.body?.cancel(),
      () => {},
    );

    expectMessageError(answer, 529, "overloaded_error");
    expect(Number(answer.headers.get("retry-after"))).toBeGreaterThan(0);
    expect(Number(answer.headers.get("retry-after-ms"))).toBeGreaterThan(0);
  });
});
