import { afterAll, beforeAll, expect, test } from "bun:test";
import { nodeGenerations } from "../support/clients/node.ts";
import { expectError } from "../support/expectations.ts";
import { user } from "../support/openai-wire.ts";
import { describeBlackBox } from "../support/prerequisites.ts";
import { post, send } from "../support/wire.ts";
import { startBedWith, type Bed } from "./bed.ts";

const key = "sk-correct-horse-battery";
const wrongKey = "sk-abcdefgh12345678";
const chat = { model: "echo", ...user("hi") };

describeBlackBox("A. Authentication", () => {
  let bed: Bed;
  beforeAll(async () => {
    bed = await startBedWith({ echo: {} }, { config: { auth: { keys: [key] } } });
  });
  afterAll(() => bed.stop());

  for (const path of ["/live", "/health", "/ready"]) {
    test(`1: ${path} needs no key`, async () => {
      const answer = await send(bed.gateway.url + path);

      expect(answer.status).toBe(200);
    });
  }

  for (const [what, headers] of [
    ["no key", {}],
    ["an empty key", { authorization: "Bearer " }],
    ["another scheme", { authorization: `Basic ${key}` }],
  ] as const) {
    test(`13: ${what} is 401`, async () => {
      const answer = await post(`${bed.url}/chat/completions`, chat, headers);

      expectError(answer, { status: 401, code: "invalid_api_key", param: null });
      expect(answer.headers.get("www-authenticate")).toStartWith("Bearer");
    });
  }

  test("14: a wrong key is 401 and is not repeated", async () => {
    const answer = await post(`${bed.url}/chat/completions`, chat, { authorization: `Bearer ${wrongKey}` });

    expectError(answer, { status: 401, code: "invalid_api_key" });
    expect(answer.text).not.toContain(wrongKey);
    expect(bed.gateway.log()).not.toContain(wrongKey);
  });

  test("15: authentication comes before the body is looked at", async () => {
    const answer = await post(`${bed.url}/chat/completions`, "{bad");

    expectError(answer, { status: 401 });
  });

  test("15: no backend hears of a request without a key", async () => {
    await bed.anyserve.reset();

    await post(`${bed.url}/chat/completions`, chat);

    expect(await bed.anyserve.generations()).toEqual([]);
  });

  for (const headers of [
    { authorization: `Bearer ${key}` },
    { authorization: `bearer ${key}` },
    { "api-key": key },
  ]) {
    test(`the right key as ${Object.keys(headers)[0]} (${Object.values(headers)[0]?.slice(0, 6)}…) is served`, async () => {
      const answer = await post(`${bed.url}/chat/completions`, chat, headers);

      expect(answer.status).toBe(200);
    });
  }

  test("11: a preflight needs no key", async () => {
    const answer = await send(`${bed.url}/chat/completions`, {
      method: "OPTIONS",
      headers: { origin: "http://localhost:5173", "access-control-request-method": "POST" },
    });

    expect(answer.status).toBeWithin(200, 300);
  });

  test("GET /v1/models needs the key", async () => {
    expectError(await send(`${bed.url}/models`), { status: 401, code: "invalid_api_key" });
  });

  test("the address of a backend is not shown to strangers", async () => {
    const answer = await send(`${bed.gateway.url}/`);

    expect(answer.status).toBe(200);
    expect(answer.text).not.toContain(bed.anyserve.endpoint("echo"));
  });

  for (const { name, OpenAI } of nodeGenerations) {
    test(`14: ${name} throws AuthenticationError and does not retry`, async () => {
      let requests = 0;
      const client = new OpenAI({
        baseURL: bed.url,
        apiKey: wrongKey,
        fetch: (input, init) => {
          requests++;
          return fetch(input, init);
        },
      });

      const error = await client.models.list().catch((thrown: unknown) => thrown);

      expect(error).toBeInstanceOf(OpenAI.AuthenticationError);
      expect(requests).toBe(1);
    });
  }
});
