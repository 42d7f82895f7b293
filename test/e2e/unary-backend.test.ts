import { afterAll, beforeAll, expect, test } from "bun:test";
import { startBedWith, type Bed } from "../conformance/bed.ts";
import { expectError, expectNoBackendDetail } from "../support/expectations.ts";
import type { ChatBody, ChatChunk } from "../support/openai-wire.ts";
import { chatText, user } from "../support/openai-wire.ts";
import { describeBlackBox } from "../support/prerequisites.ts";
import { post, postStream } from "../support/wire.ts";

/** AnyServe's dispatcher alone has no stream rpc: every answer comes whole. */
describeBlackBox("A backend without the stream rpc", () => {
  let bed: Bed;
  beforeAll(async () => {
    bed = await startBedWith({ whole: { behaviour: "echo", worker: false } });
  });
  afterAll(() => bed.stop());

  const chat = { model: "whole", ...user("a b c") };
  const become = async (behaviour: string, options: Record<string, unknown> = {}) => {
    await bed.anyserve.reset();
    await bed.anyserve.configure("whole", { behaviour, ...options });
  };

  test("answers whole, from one unary call", async () => {
    await become("echo");

    const { json } = await post<ChatBody>(`${bed.url}/chat/completions`, chat);

    expect(json.choices[0]).toMatchObject({ message: { content: "a b c" }, finish_reason: "stop" });
    expect(json.usage.completion_tokens).toBe(3);
    expect((await bed.anyserve.generations()).map(({ rpc, model }) => [rpc, model])).toEqual([
      ["ModelInfer", "generate"],
    ]);
  });

  test("streams its answer as one piece, cut at a stop text", async () => {
    await become("echo");

    const { chunks } = await postStream<ChatChunk>(`${bed.url}/chat/completions`, { ...chat, stop: "c" });

    expect(chatText(chunks)).toBe("a b ");
    expect(chunks.at(-1)?.choices[0]?.finish_reason).toBe("stop");
  });

  test("gives characters whole", async () => {
    await become("utf8");

    const { json } = await post<ChatBody>(`${bed.url}/chat/completions`, chat);

    expect(json.choices[0]?.message.content).toBe("héllo 👩‍🚀 世界");
  });

  for (const [behaviour, options, status, code] of [
    ["zero", {}, 502, "upstream_error"],
    ["die", {}, 503, "upstream_unavailable"],
    ["fail", { code: "INTERNAL" }, 502, "upstream_error"],
    ["fail", { code: "RESOURCE_EXHAUSTED" }, 429, "rate_limit_exceeded"],
    ["badarg", {}, 400, "upstream_invalid_argument"],
    ["failmid", {}, 502, "upstream_error"],
    ...[
      "missing-output",
      "wrong-datatype",
      "wrong-shape",
      "negative-shape",
      "duplicate",
      "raw-and-typed",
      "lying-prefix",
      "no-contents",
      "bad-string",
      "garbage",
      "truncated",
    ].map((kind) => ["malformed", { kind }, 502, "upstream_error"] as const),
  ] as const) {
    test(`${behaviour} ${JSON.stringify(options)} is ${status}, streaming and not`, async () => {
      for (const stream of [false, true]) {
        await become(behaviour, options);

        const answer = await post(`${bed.url}/chat/completions`, { ...chat, stream });

        expectError(answer, { status, code, ...(status === 429 ? { type: "requests" } : {}) });
        expectNoBackendDetail(answer.text);
      }
    });
  }

  for (const stream of [false, true]) {
    test(`a client that leaves cancels the call, stream ${stream}`, async () => {
      await become("hang");
      const abort = new AbortController();
      const answer = fetch(`${bed.url}/chat/completions`, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify({ ...chat, stream }),
        signal: abort.signal,
      }).catch(() => undefined);
      await bed.anyserve.waitFor({ backend: "whole", rpc: "ModelInfer", outcome: "running" });

      abort.abort();

      await bed.anyserve.waitFor({ backend: "whole", outcome: "cancelled" }, { seconds: 2 });
      expect(await answer).toBeUndefined();
    });
  }
});
