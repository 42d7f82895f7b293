import { afterAll, beforeAll, expect, test } from "bun:test";
import { expectError } from "../support/expectations.ts";
import type { ChatBody } from "../support/openai-wire.ts";
import { user } from "../support/openai-wire.ts";
import { describeBlackBox } from "../support/prerequisites.ts";
import { post, send } from "../support/wire.ts";
import { startBedWith, type Bed } from "./bed.ts";

const limit = 64 * 1024;

describeBlackBox("A. The limit on bodies", () => {
  let bed: Bed;
  beforeAll(async () => {
    // The context is made large so that only the body's size decides.
    bed = await startBedWith({ echo: { contextTokens: 1_000_000 } }, { args: ["--max-body", "64KiB"] });
  });
  afterAll(() => bed.stop());

  test("17: a body of exactly the limit is served", async () => {
    const answer = await post<ChatBody>(`${bed.url}/chat/completions`, bodyOf(limit));

    expect(answer.status).toBe(200);
  });

  for (const size of [limit + 1, 2 * limit - 1]) {
    test(`17: a sized body of ${size} bytes is 413`, async () => {
      const answer = await post(`${bed.url}/chat/completions`, bodyOf(size));

      expectError(answer, { status: 413, code: "request_too_large" });
    });

    test(`17: a chunked body of ${size} bytes is 413`, async () => {
      const response = await fetch(`${bed.url}/chat/completions`, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: new Blob([bodyOf(size)]).stream(),
      });

      const text = await response.text();

      expectError(
        { status: response.status, headers: response.headers, text, json: JSON.parse(text) },
        { status: 413, code: "request_too_large" },
      );
    });
  }

  test("17: a body far over the limit is 413, whoever says so", async () => {
    const answer = await post(`${bed.url}/chat/completions`, bodyOf(40 * limit)).catch(() => undefined);

    // The parser may close the connection on a client that still sends.
    expect(answer?.status ?? 413).toBe(413);
    expect((await send(`${bed.gateway.url}/live`)).status).toBe(200);
  });

  test("17: no backend hears of a body over the limit", async () => {
    await bed.anyserve.reset();

    await post(`${bed.url}/chat/completions`, bodyOf(limit + 1));

    expect(await bed.anyserve.generations()).toEqual([]);
  });
});

/** A valid request of exactly that many bytes. */
function bodyOf(size: number): string {
  const empty = JSON.stringify({ model: "echo", max_tokens: 5, ...user("") });
  return JSON.stringify({ model: "echo", max_tokens: 5, ...user("x".repeat(size - empty.length)) });
}
