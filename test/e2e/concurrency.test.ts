import { afterAll, beforeAll, expect, test } from "bun:test";
import { startBedWith, type Bed } from "../conformance/bed.ts";
import { expectError } from "../support/expectations.ts";
import type { ChatBody, ChatChunk } from "../support/openai-wire.ts";
import { chatText, user } from "../support/openai-wire.ts";
import { describeBlackBox } from "../support/prerequisites.ts";
import { post, postStream } from "../support/wire.ts";

describeBlackBox("89. Many requests at once", () => {
  let bed: Bed;
  beforeAll(async () => {
    bed = await startBedWith({ echo: { delay: 0.002 } });
  });
  afterAll(() => bed.stop());

  test("50 streams that run side by side do not mix", async () => {
    const texts = Array.from({ length: 50 }, (_, number) =>
      Array.from({ length: 20 }, (_item, word) => `r${number}w${word}`).join(" "),
    );

    const streams = await Promise.all(
      texts.map((text) =>
        postStream<ChatChunk>(`${bed.url}/chat/completions`, { model: "echo", ...user(text) }),
      ),
    );

    expect(streams.map(({ chunks }) => chatText(chunks))).toEqual(texts);
    const ids = streams.map(({ chunks }) => new Set(chunks.map(({ id }) => id)));
    expect(ids.every((own) => own.size === 1)).toBe(true);
    expect(new Set(ids.flatMap((own) => [...own])).size).toBe(50);
  }, 20_000);

  test("50 whole answers side by side do not mix", async () => {
    const texts = Array.from({ length: 50 }, (_, number) => `only ${number} here`);

    const answers = await Promise.all(
      texts.map((text) => post<ChatBody>(`${bed.url}/chat/completions`, { model: "echo", ...user(text) })),
    );

    expect(answers.map(({ json }) => json.choices[0]?.message.content)).toEqual(texts);
  }, 20_000);
});

describeBlackBox("More requests than are admitted", () => {
  let bed: Bed;
  beforeAll(async () => {
    bed = await startBedWith({ gated: {} }, { config: { limits: { max_concurrency: 1, max_queue: 1 } } });
  });
  afterAll(() => bed.stop());

  test("one runs, one waits, the third is told to come back", async () => {
    const chat = { model: "gated", ...user("a b") };
    const first = postStream<ChatChunk>(`${bed.url}/chat/completions`, chat);
    await bed.anyserve.waitFor({ backend: "gated", outcome: "running" });
    const others = [
      post<ChatBody>(`${bed.url}/chat/completions`, chat),
      post<ChatBody>(`${bed.url}/chat/completions`, chat),
    ];

    const refused = await Promise.race(others);
    expectError(refused, { status: 503, code: "server_is_overloaded" });
    expect(Number(refused.headers.get("retry-after"))).toBeWithin(1, 61);
    expect(await bed.anyserve.generations()).toHaveLength(1);

    await bed.anyserve.release("gated", 4);
    expect(chatText((await first).chunks)).toBe("a b");
    const answers = await Promise.all(others);
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200, 503]));
  });
});
