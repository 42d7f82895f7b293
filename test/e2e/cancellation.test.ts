import { afterAll, beforeAll, expect, test } from "bun:test";
import { startBedWith, type Bed } from "../conformance/bed.ts";
import { nodeGenerations } from "../support/clients/node.ts";
import { user } from "../support/openai-wire.ts";
import { describeBlackBox } from "../support/prerequisites.ts";
import { readFrames, send } from "../support/wire.ts";

/** Longest time from the client's departure to the end of the backend's call. */
const limitMs = 2_000;

describeBlackBox("87. A client that leaves", () => {
  let bed: Bed;
  beforeAll(async () => {
    bed = await startBedWith({ endless: {}, hang: { after: 0 }, echo: {} });
  });
  afterAll(() => bed.stop());

  const begin = (path: string, body: Record<string, unknown>, signal: AbortSignal) =>
    fetch(bed.url + path, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(body),
      signal,
    });

  /** Asserts that so many calls end as cancelled soon after `left`, and that the next request is served. */
  const expectCancelled = async (backend: string, count: number, left: number) => {
    const calls = await bed.anyserve.waitFor({ backend, outcome: "cancelled" }, { count });
    for (const call of calls) expect((call.endedAt ?? Infinity) - left).toBeLessThan(limitMs);
    expect(calls).toHaveLength(count);
    expect((await send(`${bed.gateway.url}/health`)).status).toBe(200);
    await bed.anyserve.reset();
  };

  for (const [path, body] of [
    ["/chat/completions", { model: "endless", ...user("hi") }],
    ["/completions", { model: "endless", prompt: "hi", max_tokens: 100_000 }],
  ] as const) {
    test(`after three chunks of a stream from ${path}`, async () => {
      const abort = new AbortController();
      const response = await begin(path, { ...body, stream: true }, abort.signal);
      const frames = readFrames(response);
      for (let count = 0; count < 3; count++) expect((await frames.next()).value).toStartWith("data: {");

      const left = Date.now();
      abort.abort();

      await expectCancelled("endless", 1, left);
    });
  }

  test("during a stream of two choices: both calls end", async () => {
    const abort = new AbortController();
    const response = await begin(
      "/chat/completions",
      { model: "endless", ...user("hi"), n: 2, stream: true },
      abort.signal,
    );
    const frames = readFrames(response);
    for (let count = 0; count < 6; count++) await frames.next();

    const left = Date.now();
    abort.abort();

    await expectCancelled("endless", 2, left);
  });

  for (const [what, body] of [
    ["a stream that has not begun", { stream: true }],
    ["a whole answer", {}],
    ["two choices of a whole answer", { n: 2 }],
  ] as const) {
    test(`while the backend is silent, before ${what}`, async () => {
      const abort = new AbortController();
      const count = "n" in body ? 2 : 1;
      const answer = begin(
        "/chat/completions",
        { model: "hang", ...user("hi"), ...body },
        abort.signal,
      ).catch(() => undefined);
      await bed.anyserve.waitFor({ backend: "hang", outcome: "running" }, { count });

      const left = Date.now();
      abort.abort();

      await expectCancelled("hang", count, left);
      expect(await answer).toBeUndefined();
    });
  }

  test("in the middle of a whole answer", async () => {
    const abort = new AbortController();
    const answer = begin("/chat/completions", { model: "endless", ...user("hi") }, abort.signal).catch(
      () => undefined,
    );
    await bed.anyserve.waitFor({ backend: "endless", outcome: "running" }, { messages: 5 });

    const left = Date.now();
    abort.abort();

    await expectCancelled("endless", 1, left);
    expect(await answer).toBeUndefined();
  });

  for (const { name, connect } of nodeGenerations) {
    test(`${name}: leaving its loop ends the call`, async () => {
      const client = connect(bed.url);
      let left = 0;
      const stream = await client.chat.completions.create({
        model: "endless",
        messages: [{ role: "user", content: "hi" }],
        stream: true,
      });

      for await (const chunk of stream) {
        if (chunk.choices[0]?.delta.content === "w3 ") {
          left = Date.now();
          break;
        }
      }

      await expectCancelled("endless", 1, left);
    });
  }

  for (const [what, body] of [
    ["a stop text", { stop: "w3" }],
    ["the limit of tokens", { max_tokens: 3 }],
  ] as const) {
    test(`not the client but ${what} ends the answer: the call is cancelled, too`, async () => {
      const response = await begin(
        "/chat/completions",
        { model: "endless", ...user("hi"), ...body },
        AbortSignal.timeout(5_000),
      );

      expect(response.status).toBe(200);
      await response.text();
      await expectCancelled("endless", 1, Date.now());
    });
  }
});
