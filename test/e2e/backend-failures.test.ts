import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { startBedWith, type Bed } from "../conformance/bed.ts";
import { errorOf, expectError, expectNoBackendDetail } from "../support/expectations.ts";
import type { ChatBody, ChatChunk } from "../support/openai-wire.ts";
import { chatText, user } from "../support/openai-wire.ts";
import { describeBlackBox } from "../support/prerequisites.ts";
import { post, postStream } from "../support/wire.ts";

const malformedKinds = [
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
  "error-message",
];

/** What a backend's status is for a client, before the first token. */
const statuses: readonly (readonly [string, number, string])[] = [
  ["CANCELLED", 502, "upstream_error"],
  ["UNKNOWN", 502, "upstream_error"],
  ["INVALID_ARGUMENT", 400, "upstream_invalid_argument"],
  ["DEADLINE_EXCEEDED", 504, "timeout"],
  ["NOT_FOUND", 404, "model_not_found"],
  ["ALREADY_EXISTS", 502, "upstream_error"],
  ["PERMISSION_DENIED", 502, "upstream_error"],
  ["RESOURCE_EXHAUSTED", 429, "rate_limit_exceeded"],
  ["FAILED_PRECONDITION", 400, "upstream_invalid_argument"],
  ["ABORTED", 502, "upstream_error"],
  ["OUT_OF_RANGE", 400, "upstream_invalid_argument"],
  ["UNIMPLEMENTED", 502, "upstream_error"],
  ["INTERNAL", 502, "upstream_error"],
  ["UNAVAILABLE", 503, "upstream_unavailable"],
  ["DATA_LOSS", 502, "upstream_error"],
  ["UNAUTHENTICATED", 502, "upstream_error"],
];

describeBlackBox("A backend that fails", () => {
  let bed: Bed;
  beforeAll(async () => {
    bed = await startBedWith(
      // A failure before the first token makes the server look elsewhere for a while: such cases have their own.
      { scratch: { behaviour: "echo" }, mortal: { behaviour: "die" }, status: { behaviour: "fail" } },
      { args: ["--first-token-timeout", "1s", "--token-timeout", "1s", "--head-start", "5s"] },
    );
  });
  afterAll(() => bed.stop());

  const url = () => `${bed.url}/chat/completions`;
  const chat = { model: "scratch", ...user("a b c d e f g h") };
  const become = async (behaviour: string, options: Record<string, unknown> = {}) => {
    await bed.anyserve.reset();
    await bed.anyserve.configure("scratch", { behaviour, ...options });
  };
  const expectHealthy = async () => {
    await become("echo");
    const answer = await post<ChatBody>(url(), chat);
    expect(answer.json).toMatchObject({ choices: [{ message: { content: "a b c d e f g h" } }] });
  };

  describe("dies", () => {
    test("before its first token: the status 503 that invites a retry, streaming and not", async () => {
      for (const stream of [false, true]) {
        const answer = await post(url(), { ...chat, model: "mortal", stream });

        expectError(answer, { status: 503, code: "upstream_unavailable" });
        expect(Number(answer.headers.get("retry-after"))).toBeWithin(1, 61);
        expectNoBackendDetail(answer.text);
      }
    });

    for (const after of [1, 2, 3, 4, 5]) {
      test(`at token ${after} of a stream: the text so far, an error frame, [DONE]`, async () => {
        await become("die", { after });

        const { chunks, text } = await postStream<ChatChunk>(url(), chat);

        expect(chatText(chunks)).toBe(Array.from({ length: after }, (_, index) => `w${index} `).join(""));
        expect(errorOf(chunks.at(-1))).toMatchObject({ type: "server_error" });
        expectNoFinish(chunks);
        expectNoBackendDetail(text);
        await expectHealthy();
      });

      test(`at token ${after} of a whole answer: an error and no part of the text`, async () => {
        await become("die", { after });

        const answer = await post(url(), chat);

        expect([502, 503]).toContain(answer.status);
        expectError(answer, { status: answer.status });
        expect(answer.text).not.toContain("w0");
        expect(await bed.anyserve.generations()).toHaveLength(1);
        await expectHealthy();
      });
    }
  });

  describe("hangs", () => {
    for (const stream of [false, true]) {
      test(`before its first token: 504, and the call is cancelled, stream ${stream}`, async () => {
        await become("hang");

        const answer = await post(url(), { ...chat, stream });

        expectError(answer, { status: 504, code: "timeout" });
        await bed.anyserve.waitFor({ backend: "scratch", outcome: "cancelled" }, { seconds: 2 });
        await expectHealthy();
      });
    }

    test("after two tokens of a stream: the text so far, then an error frame", async () => {
      await become("hang", { after: 2 });

      const { chunks } = await postStream<ChatChunk>(url(), chat);

      expect(chatText(chunks)).toBe("a b ");
      expect(errorOf(chunks.at(-1))).toMatchObject({ code: "timeout", type: "server_error" });
      expectNoFinish(chunks);
      await bed.anyserve.waitFor({ backend: "scratch", outcome: "cancelled" }, { seconds: 2 });
      await expectHealthy();
    });
  });

  describe("answers OK with nothing in it", () => {
    for (const stream of [false, true]) {
      test(`at once: 502 and no empty answer, stream ${stream}`, async () => {
        await become("zero");

        expectError(await post(url(), { ...chat, stream }), { status: 502, code: "upstream_error" });
      });
    }

    test("after two tokens: an error frame", async () => {
      await become("zero", { after: 2 });

      const { chunks } = await postStream<ChatChunk>(url(), chat);

      expect(chatText(chunks)).toBe("a b ");
      expect(errorOf(chunks.at(-1))).toMatchObject({ code: "upstream_error" });
      expectNoFinish(chunks);
    });
  });

  describe("breaks the protocol", () => {
    for (const kind of malformedKinds) {
      test(`${kind} in its first message: 502`, async () => {
        for (const stream of [false, true]) {
          await become("malformed", { kind });

          const answer = await post(url(), { ...chat, stream });

          expectError(answer, { status: 502, code: "upstream_error" });
          expectNoBackendDetail(answer.text);
        }
      });

      test(`${kind} after one token: an error frame`, async () => {
        await become("malformed", { kind, after: 1 });

        const { chunks, text } = await postStream<ChatChunk>(url(), chat);

        expect(chatText(chunks)).toBe("a ");
        expect(errorOf(chunks.at(-1))).toMatchObject({ code: "upstream_error" });
        expectNoFinish(chunks);
        expectNoBackendDetail(text);
      });
    }
  });

  describe("gives a status", () => {
    for (const [code, status, name] of statuses) {
      test(`${code} is ${status} ${name}`, async () => {
        await bed.anyserve.configure("status", { behaviour: "fail", code });

        const answer = await post(url(), { ...chat, model: "status", stream: true });

        expectError(answer, { status, code: name, ...(status === 429 ? { type: "requests" } : {}) });
        expectNoBackendDetail(answer.text);
        if (code === "UNIMPLEMENTED") expect(answer.headers.get("x-should-retry")).toBe("false");
      });
    }
  });

  describe("ends with a finish word", () => {
    for (const [word, reason] of [
      ["stop", "stop"],
      ["length", "length"],
      ["eos", "stop"],
      ["something-new", "stop"],
      [null, "stop"],
    ] as const) {
      test(`${String(word)} is ${reason}`, async () => {
        await become("finish", { word });

        const { chunks } = await postStream<ChatChunk>(url(), chat);

        expect(chunks.at(-1)?.choices[0]).toMatchObject({ delta: {}, finish_reason: reason });
        expect(chatText(chunks)).toBe("a b c d e f g h");
      });
    }

    for (const word of ["abort", "error", "cancelled"]) {
      test(`${word} is an error frame`, async () => {
        await become("finish", { word });

        const { chunks } = await postStream<ChatChunk>(url(), chat);

        expect(errorOf(chunks.at(-1))).toMatchObject({ code: "upstream_error" });
        expectNoFinish(chunks);
      });
    }
  });
});

function expectNoFinish(chunks: readonly ChatChunk[]): void {
  const finished = chunks
    .slice(0, -1)
    .filter((chunk) => chunk.choices.some((choice) => choice.finish_reason !== null));
  expect(finished).toEqual([]);
  expect(chunks.some((chunk) => chunk.usage != null)).toBe(false);
}
