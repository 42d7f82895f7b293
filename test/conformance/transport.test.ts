import { afterAll, beforeAll, expect, test } from "bun:test";
import { nodeGenerations } from "../support/clients/node.ts";
import { expectError } from "../support/expectations.ts";
import type { ChatBody } from "../support/openai-wire.ts";
import { user } from "../support/openai-wire.ts";
import { describeBlackBox } from "../support/prerequisites.ts";
import { post, rawExchange, send } from "../support/wire.ts";
import { startBed, type Bed } from "./bed.ts";

const chat = { model: "echo", ...user("hi there") };
const page = { origin: "http://localhost:5173" };

describeBlackBox("A. Transport and routing", () => {
  let bed: Bed;
  beforeAll(async () => {
    bed = await startBed();
  });
  afterAll(() => bed.stop());

  test("1: GET /health is 200 and JSON", async () => {
    const answer = await send(`${bed.gateway.url}/health`);

    expect(answer.status).toBe(200);
    expect(answer.json).toBeObject();
  });

  for (const [outcome, path, body] of [
    ["a success", "/v1/chat/completions", chat],
    ["a stream", "/v1/chat/completions", { ...chat, stream: true }],
    ["a client's mistake", "/v1/chat/completions", {}],
    ["an unknown URL", "/v1/nope", {}],
  ] as const) {
    test(`2: ${outcome} carries OpenAI's headers`, async () => {
      const { headers } = await post(bed.gateway.url + path, body);

      expect(headers.get("x-request-id")).toMatch(/^req_/);
      expect(headers.get("openai-processing-ms")).toMatch(/^\d+$/);
      expect(headers.get("openai-version")).toBe("2020-10-01");
    });
  }

  test("3: two requests have different ids", async () => {
    const first = await send(`${bed.url}/models`);
    const second = await send(`${bed.url}/models`);

    expect(first.headers.get("x-request-id")).not.toBe(second.headers.get("x-request-id"));
  });

  for (const body of ["{bad", "", "[]", '"x"', "null", "17"]) {
    test(`4, 5: the body ${JSON.stringify(body)} is 400 without a param`, async () => {
      const answer = await rawPost(bed, body);

      expect(answer).toStartWith("HTTP/1.1 400");
      expect(JSON.parse(answer.slice(answer.indexOf("\r\n\r\n") + 4))).toMatchObject({
        error: { type: "invalid_request_error", param: null, code: null },
      });
    });
  }

  for (const type of [
    "content-type: text/plain\r\n",
    "content-type: application/x-www-form-urlencoded\r\n",
    "content-type: application/json; charset=utf-8\r\n",
    "",
  ]) {
    test(`6, 7: JSON sent with ${JSON.stringify(type)} is served`, async () => {
      const answer = await rawPost(bed, JSON.stringify(chat), type);

      expect(answer).toStartWith("HTTP/1.1 200");
      expect(answer).toContain("hi there");
    });
  }

  for (const method of ["GET", "POST"]) {
    test(`8: ${method} of an unknown URL is 404 and names it`, async () => {
      const answer = await send(`${bed.url}/nope`, method === "POST" ? { body: {} } : {});

      const error = expectError(answer, { status: 404, code: "unknown_url" });
      expect(error.message).toContain(method);
      expect(error.message).toContain("/v1/nope");
    });
  }

  for (const [method, path, allowed] of [
    ["PUT", "/chat/completions", "POST, GET"],
    ["GET", "/completions", "POST"],
    ["PUT", "/models", "GET"],
    ["DELETE", "/completions", "POST"],
  ] as const) {
    test(`9: ${method} ${path} is 405 and says what is allowed`, async () => {
      const answer = await send(bed.url + path, { method });

      expectError(answer, { status: 405, code: "method_not_allowed" });
      expect(answer.headers.get("allow")).toContain(allowed);
    });
  }

  for (const path of [
    "/v1/chat/completions",
    "/chat/completions",
    "//v1/chat/completions",
    "/v1//chat/completions",
    "/v1/chat/completions/",
    "/v1/chat/completions?x=1",
  ]) {
    test(`10: ${path} is the chat route`, async () => {
      const answer = await post<ChatBody>(bed.gateway.url + path, chat);

      expect(answer.status).toBe(200);
      expect(answer.json.choices[0]?.message.content).toBe("hi there");
    });
  }

  test("11: a preflight allows the method and every header that is asked for", async () => {
    const wanted = ["authorization", "content-type", "x-stainless-os", "x-foo"];

    const answer = await send(`${bed.url}/chat/completions`, {
      method: "OPTIONS",
      headers: {
        ...page,
        "access-control-request-method": "POST",
        "access-control-request-headers": wanted.join(","),
      },
    });

    expect(answer.status).toBeWithin(200, 300);
    expect(answer.headers.get("access-control-allow-origin")).toBe(page.origin);
    expect(answer.headers.get("access-control-allow-methods")).toContain("POST");
    expect(
      answer.headers
        .get("access-control-allow-headers")
        ?.toLowerCase()
        .split(/\s*,\s*/),
    ).toEqual(expect.arrayContaining(wanted));
  });

  test("12: a page on this machine may read answers and their request id", async () => {
    const answer = await send(`${bed.url}/models`, { headers: page });

    expect(answer.headers.get("access-control-allow-origin")).toBe(page.origin);
    expect(answer.headers.get("access-control-expose-headers")).toContain("x-request-id");
  });

  test("12: an error, too, can be read by a page on this machine", async () => {
    const answer = await post(`${bed.url}/chat/completions`, {}, page);

    expect(answer.headers.get("access-control-allow-origin")).toBe(page.origin);
  });

  test("12: without keys, a page from elsewhere is refused before a backend hears of it", async () => {
    await bed.anyserve.reset();

    const answer = await post(`${bed.url}/chat/completions`, chat, { origin: "https://evil.example" });

    expectError(answer, { status: 403 });
    expect(answer.headers.get("access-control-allow-origin")).toBeNull();
    expect(await bed.anyserve.generations()).toEqual([]);
  });

  for (const authorization of ["Bearer ", "Basic x", "Bearer anything", undefined]) {
    test(`16: without keys, the authorization ${String(authorization)} is served`, async () => {
      const headers = authorization === undefined ? {} : { authorization };

      const answer = await post(`${bed.url}/chat/completions`, chat, headers);

      expect(answer.status).toBe(200);
    });
  }

  for (const headers of [{ accept: "application/json" }, { accept: "text/html" }, { "x-unknown": "1" }]) {
    test(`18: a stream is served with ${JSON.stringify(headers)}`, async () => {
      const answer = await post(`${bed.url}/chat/completions`, { ...chat, stream: true }, headers);

      expect(answer.status).toBe(200);
      expect(answer.headers.get("content-type")).toStartWith("text/event-stream");
      expect(answer.text).toEndWith("data: [DONE]\n\n");
    });
  }

  test("18: a stream is not compressed for a client that would take it", async () => {
    const answer = await post(
      `${bed.url}/chat/completions`,
      { ...chat, stream: true },
      { "accept-encoding": "gzip, deflate" },
    );

    expect(answer.headers.get("content-encoding")).toBeNull();
  });

  for (const { name, OpenAI } of nodeGenerations) {
    test(`21: ${name} retries a backend that is down and throws InternalServerError`, async () => {
      await bed.anyserve.reset();
      let requests = 0;
      const client = new OpenAI({
        baseURL: bed.url,
        apiKey: "unused",
        maxRetries: 2,
        fetch: (input, init) => {
          requests++;
          return fetch(input, init);
        },
      });

      const error = await client.chat.completions
        .create({ model: "fail", messages: [{ role: "user", content: "hi" }] })
        .catch((thrown: unknown) => thrown);

      expect(error).toBeInstanceOf(OpenAI.InternalServerError);
      expect(error).toMatchObject({ status: 503, type: "server_error", code: "upstream_unavailable" });
      expect(requests).toBe(3);
      const calls = await bed.anyserve.generations("fail");
      expect(calls.length).toBeGreaterThanOrEqual(3);
      expect(calls.filter((call) => call.rpc === "ModelStreamInfer").length).toBeLessThanOrEqual(3);
      expect(calls.filter((call) => call.rpc === "ModelInfer").length).toBeLessThanOrEqual(3);
    }, 15_000);
  }

  test("22: HEAD /v1/models is 200 without a body", async () => {
    const answer = await send(`${bed.url}/models`, { method: "HEAD" });

    expect(answer.status).toBe(200);
    expect(answer.text).toBe("");
  });
});

function rawPost(bed: Bed, body: string, type = "content-type: application/json\r\n"): Promise<string> {
  return rawExchange(bed.gateway.port, [
    `POST /v1/chat/completions HTTP/1.1\r\nhost: 127.0.0.1\r\nconnection: close\r\n${type}` +
      `content-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
  ]);
}
