import { afterAll, beforeAll, expect, test } from "bun:test";
import { startBedWith, type Bed } from "../conformance/bed.ts";
import { errorOf } from "../support/expectations.ts";
import type { ChatBody, ChatChunk, CompletionBody } from "../support/openai-wire.ts";
import { chatText, user } from "../support/openai-wire.ts";
import { describeBlackBox } from "../support/prerequisites.ts";
import { post, postStream, readFrames } from "../support/wire.ts";

/** The forty seconds of the conformance suite in a second, and what else silence can bring. */
describeBlackBox("A backend that is silent for a while", () => {
  let bed: Bed;
  beforeAll(async () => {
    bed = await startBedWith(
      { slow: { seconds: 1 }, hang: { after: 0 }, down: { behaviour: "hang", after: 0 } },
      { args: ["--head-start", "100ms", "--keep-alive", "200ms", "--first-token-timeout", "2s"] },
    );
  });
  afterAll(() => bed.stop());

  test("85: the head and the role come early, comments keep the connection, the answer follows", async () => {
    const { text, chunks, comments } = await postStream<ChatChunk>(`${bed.url}/chat/completions`, {
      model: "slow",
      ...user("hi"),
    });

    expect(text).toStartWith("data: {");
    expect(chunks[0]?.choices[0]?.delta).toMatchObject({ role: "assistant", content: "" });
    expect(comments).toBeGreaterThanOrEqual(2);
    expect(chatText(chunks)).toBe("late");
    expect(chunks.filter((chunk) => chunk.choices[0]?.delta.role !== undefined)).toHaveLength(1);
  });

  test("85: with two choices each has one role", async () => {
    const { chunks } = await postStream<ChatChunk>(`${bed.url}/chat/completions`, {
      model: "slow",
      ...user("hi"),
      n: 2,
    });

    const roles = chunks.flatMap((chunk) => chunk.choices).filter(({ delta }) => delta.role !== undefined);
    expect(new Set(roles.map(({ index }) => index))).toEqual(new Set([0, 1]));
    expect(roles).toHaveLength(2);
    expect([chatText(chunks, 0), chatText(chunks, 1)]).toEqual(["late", "late"]);
  });

  test("139: a completion's stream never begins with a comment", async () => {
    const { text, chunks } = await postStream<CompletionBody>(`${bed.url}/completions`, {
      model: "slow",
      prompt: "hi",
    });

    expect(text).toStartWith("data: {");
    expect(chunks.map((chunk) => chunk.choices[0]?.text).join("")).toBe("late");
  });

  test("86: a whole answer takes its time", async () => {
    const { status, json } = await post<ChatBody>(`${bed.url}/chat/completions`, {
      model: "slow",
      ...user("hi"),
    });

    expect(status).toBe(200);
    expect(json.choices[0]?.message.content).toBe("late");
  });

  test("a timeout after the head is an error frame", async () => {
    const { chunks } = await postStream<ChatChunk>(`${bed.url}/chat/completions`, {
      model: "hang",
      ...user("hi"),
    });

    expect(errorOf(chunks.at(-1))).toMatchObject({ type: "server_error", code: "timeout" });
    expect(chunks.slice(0, -1).every((chunk) => chunk.choices[0]?.finish_reason === null)).toBe(true);
    await bed.anyserve.waitFor({ backend: "hang", outcome: "cancelled" }, { seconds: 2 });
  });

  test("a backend that goes away after the head is an error frame", async () => {
    const response = await fetch(`${bed.url}/chat/completions`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ model: "down", ...user("hi"), stream: true }),
    });
    const frames = readFrames(response);
    const first = await frames.next();

    await bed.anyserve.down("down");

    expect(first.value).toContain('"role":"assistant"');
    const rest = (await Array.fromAsync(frames)).filter((frame) => !frame.startsWith(":"));
    expect(rest).toHaveLength(2);
    expect(errorOf(JSON.parse(rest[0]?.slice("data: ".length) ?? ""))).toMatchObject({
      type: "server_error",
      code: "upstream_unavailable",
    });
    expect(rest[1]).toBe("data: [DONE]");
  });
});
