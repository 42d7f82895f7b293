import { describe, expect, test } from "bun:test";
import { Elysia } from "elysia";
import { createAuthenticate } from "../../src/http/auth.ts";
import { jsonBody } from "../../src/http/body.ts";
import { callOf } from "../../src/http/call.ts";
import type { InnerRequest } from "../../src/http/handler.ts";
import { streamed } from "../../src/http/streamed.ts";
import { jsonOf } from "../support/app.ts";
import { createRoutesHandler } from "./support.ts";

const key = "sk-abcdefgh12345678";
const owner = createAuthenticate([key])(new Headers({ authorization: `Bearer ${key}` })) ?? "";
const limits = { maxBodyBytes: 1, maxJsonDepth: 1, maxJsonValues: 1, bodyTimeoutMs: 1_000 };

function routes() {
  return new Elysia({ normalize: false })
    .post("/v1/echo", ({ body, request }) => Response.json({ body, owner: callOf(request).owner ?? null }), {
      parse: [jsonBody(limits)],
    })
    .post("/v1/parts", ({ request }) => {
      callOf(request).holdOpen();
      return streamed(parts(), callOf(request), { stallMs: 1_000, headers: {} });
    })
    .post("/v1/never", async ({ request }) => {
      const { promise, reject } = Promise.withResolvers<never>();
      const { signal } = callOf(request);
      signal.addEventListener("abort", () => reject(signal.reason));
      return await promise;
    });
}

async function* parts() {
  yield "a";
  yield new TextEncoder().encode("b");
}

function ask(inner: Partial<InnerRequest>, keys: readonly string[] = []) {
  const handler = createRoutesHandler(routes(), { keys });
  const { signal } = new AbortController();
  return {
    handler,
    answer: handler.ask({ path: "/v1/echo", body: { a: 1 }, owner: "", signal, ...inner }),
  };
}

describe("a request of the server's own", () => {
  test("is answered as any other, in the name of its owner and with the body as it is", async () => {
    const body = { a: [[["deep"]]] };

    const response = await ask({ body, owner }, [key]).answer;

    expect(response.status).toBe(200);
    expect(response.headers.get("x-request-id")).toMatch(/^req_[0-9a-f]{32}$/);
    expect(await jsonOf<unknown>(response)).toEqual({ body, owner });
  });

  test("has no owner where there are no keys", async () => {
    expect(await jsonOf<unknown>(await ask({}).answer)).toEqual({ body: { a: 1 }, owner: null });
  });

  for (const [name, of, keys] of [
    ["a key that is gone", owner, ["sk-another-key-12345"]],
    ["nobody, once there are keys", "", [key]],
    ["a key, once there are none", owner, []],
  ] as const) {
    test(`is refused in the name of ${name}`, async () => {
      const response = await ask({ owner: of }, keys).answer;

      expect(response.status).toBe(401);
      expect(await jsonOf<unknown>(response)).toMatchObject({ error: { code: "invalid_api_key" } });
    });
  }

  test("for a path that is not there is answered so", async () => {
    const response = await ask({ path: "/v1/nope" }).answer;

    expect(response.status).toBe(404);
    expect(await jsonOf<unknown>(response)).toMatchObject({ error: { code: "unknown_url" } });
  });

  test("gets what is sent part by part as a whole, and is over then", async () => {
    const { handler, answer } = ask({ path: "/v1/parts" });

    expect(await (await answer).text()).toBe("ab");
    expect(handler.active.size).toBe(0);
  });

  test("ends with its signal, and counts as running until then", async () => {
    const controller = new AbortController();
    const { handler, answer } = ask({ path: "/v1/never", signal: controller.signal });
    const running = handler.active.size;

    controller.abort();

    expect((await answer).status).toBe(499);
    expect([running, handler.active.size]).toEqual([1, 0]);
  });
});
