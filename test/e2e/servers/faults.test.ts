import { describe, expect, test } from "bun:test";
import { errorOf, expectError, expectNoBackendDetail } from "../../support/expectations.ts";
import type { ReplyDirective } from "../../support/kserve/look-alike.ts";
import { extent } from "../../support/long.ts";
import { type ChatBody, type ChatChunk, chatText } from "../../support/openai-wire.ts";
import { describeBlackBox } from "../../support/prerequisites.ts";
import { residentBytes } from "../../support/resident-bytes.ts";
import { type Answer, post, postStream } from "../../support/wire.ts";
import { answering, type ModelName, models, servers } from "./all-dialects.ts";
import { replying, serveModels } from "./bed.ts";
import { untilAnswer } from "./listed.ts";

const mebibyte = 1_048_576;
const told = { text: "a b c d" };

/** What a message is that breaks the protocol, and for which models it does not, with the reason. */
const malformed: readonly (readonly [fault: string, passes: readonly ModelName[]])[] = [
  ["missing-output", []],
  ["no-outputs", []],
  ["wrong-datatype", []],
  // OVMS says nothing of shapes, so that nothing is read from them.
  ["wrong-shape", ["ovms"]],
  ["negative-shape", ["ovms"]],
  ["huge-shape", ["ovms"]],
  ["duplicate", []],
  ["raw-and-typed", []],
  ["lying-prefix", []],
  ["short-raw", []],
  ["no-contents", []],
  ["giant", []],
  ["bad-string", []],
  ["garbage", []],
  ["truncated", []],
  ["empty", []],
  ["status", []],
  ["error-message", []],
];

/** Their servers never end an answer without a finish reason. */
const saysWhy: ReadonlySet<ModelName> = new Set(["vllm", "dynamo"]);

describeBlackBox("Servers in trouble", () => {
  const bed = serveModels({
    servers,
    models,
    // Smaller than what the fault `giant` sends.
    backends: Object.fromEntries(Object.keys(servers).map((name) => [name, { max_message_bytes: mebibyte }])),
  });
  const say = (model: ModelName, directive: ReplyDirective, stream: boolean): Promise<Answer<ChatBody>> =>
    bed.chat({ model, stream, ...replying({ ...told, ...directive }) });
  const streamOf = (model: ModelName, directive: ReplyDirective) =>
    bed.streamChat({ model, ...replying({ ...told, ...directive }) });
  const expectHealthy = async (model: ModelName) => {
    const answer = await say(model, { text: "fine again" }, false);
    expect(answer.json).toMatchObject({ choices: [{ message: { content: "fine again" } }] });
  };
  const expectBroken = async (model: ModelName, directive: ReplyDirective, code: string) => {
    const { chunks, text } = await streamOf(model, directive);
    expect(chatText(chunks)).toBe("a");
    expect(errorOf(chunks.at(-1))).toMatchObject({ type: "server_error", code });
    expectNoEnd(chunks);
    expectNoBackendDetail(text);
  };

  describe.concurrent("that answer nonsense", () => {
    for (const [fault, passes] of malformed) {
      for (const { name, comes } of answering.filter((model) => !passes.includes(model.name))) {
        test(`${fault} of ${name}: 502 before the first token, an error frame after it`, async () => {
          for (const stream of [false, true]) {
            const answer = await say(name, { fault }, stream);

            expectError(answer, { status: 502, code: "upstream_error" });
            expectNoBackendDetail(answer.text);
          }
          if (comes !== "whole") await expectBroken(name, { fault, fault_after: 1 }, "upstream_error");
          if (comes === "parts") {
            const whole = await say(name, { fault, fault_after: 1 }, false);
            expectError(whole, { status: 502, code: "upstream_error" });
          }
          await expectHealthy(name);
        });
      }
    }
  });

  describe("that go away", () => {
    for (const { name, comes } of answering) {
      test(`${name} is 503 before the first token, an error frame after it, and back at once`, async () => {
        for (const stream of [false, true]) {
          const answer = await say(name, { fault: "drop" }, stream);

          expectError(answer, { status: 503, code: "upstream_unavailable" });
          expect(Number(answer.headers.get("retry-after"))).toBeWithin(1, 61);
          expectNoBackendDetail(answer.text);
        }
        if (comes !== "whole")
          await expectBroken(name, { fault: "drop", fault_after: 1 }, "upstream_unavailable");
        await expectHealthy(name);
      });
    }
  });

  describe.concurrent("that end a stream", () => {
    for (const { name } of answering.filter(({ comes }) => comes !== "whole")) {
      if (saysWhy.has(name))
        test(`of ${name} without saying why: an error frame`, async () => {
          await expectBroken(name, { fault: "end", fault_after: 1 }, "upstream_error");
        });
      else
        test(`of ${name} without an end: the answer ends there`, async () => {
          const { chunks } = await streamOf(name, { fault: "end", fault_after: 1 });

          expect(chatText(chunks)).toBe("a");
          expect(chunks.at(-1)?.choices[0]?.finish_reason).toBe("stop");
        });

      test(`of ${name} without a word: 502`, async () => {
        for (const stream of [false, true])
          expectError(await say(name, { fault: "end" }, stream), { status: 502, code: "upstream_error" });
      });
    }
  });

  describe.concurrent("that write in odd ways", () => {
    const odd: readonly (readonly [what: string, ReplyDirective, text: string])[] = [
      ["one byte at a time", { text: "Zażółć 👩‍🚀", split_bytes: true }, "Zażółć 👩‍🚀"],
      ["pieces without text", { pieces: ["a", "", "", " b", ""] }, "a b"],
      ["an empty end", { text: "a b", empty_final: true }, "a b"],
      ["nothing", { pieces: [""] }, ""],
      ["what repeats itself", { pieces: ["ha", "ha", "ha", "ha", "ha", "ha"] }, "hahahahahaha"],
    ];
    for (const [what, directive, text] of odd) {
      for (const { name } of answering) {
        test(`${what}: ${name} is read rightly`, async () => {
          const whole = await say(name, directive, false);
          const { chunks } = await streamOf(name, directive);

          expect(whole.json.choices[0]?.message.content).toBe(text);
          expect(chatText(chunks)).toBe(text);
          expect(chunks.at(-1)?.choices[0]?.finish_reason).toBe("stop");
        });
      }
    }

    // The pipeline writes JSON, BLS repeats what it could not write, and OVMS's bytes could be a length.
    for (const { name } of answering.filter((model) => !["pipeline", "bls", "ovms"].includes(model.name))) {
      test(`bytes that are no text: ${name}'s become replacement characters`, async () => {
        const { chunks, text } = await streamOf(name, { raw_bytes_hex: ["61", "fffe", "62"] });

        expect(chatText(chunks)).toMatch(/^a\uFFFD+b$/);
        expect(text).not.toContain("error");
      });
    }

    for (const name of ["generic", "mock", "llmapi", "mlserver"] as const) {
      test(`the whole so far each time: that ${name} does so is found out`, async () => {
        const text = "one two three four five six seven";
        const { chunks } = await streamOf(name, { text, cumulative: true });

        expect(chatText(chunks)).toBe(text);
        expect(chunks.at(-1)?.choices[0]?.finish_reason).toBe("stop");
      });
    }
  });

  describe.concurrent("that end with a word", () => {
    for (const model of ["vllm", "llmapi", "dynamo"] as const) {
      for (const [word, reason] of [
        ["stop", "stop"],
        ["length", "length"],
        ["eos", "stop"],
        ["max_tokens", "length"],
        ["something-new", "stop"],
      ] as const) {
        test(`${word} of ${model} is ${reason}`, async () => {
          const { chunks } = await streamOf(model, { finish_word: word });

          expect(chunks.at(-1)?.choices[0]).toMatchObject({ delta: {}, finish_reason: reason });
          expect(chatText(chunks)).toBe("a b c d");
        });
      }

      for (const word of ["abort", "error", "cancelled"]) {
        test(`${word} of ${model} is an error`, async () => {
          const { chunks } = await streamOf(model, { finish_word: word });

          expect(errorOf(chunks.at(-1))).toMatchObject({ code: "upstream_error" });
          expectNoEnd(chunks);
          expectError(await say(model, { finish_word: word }, false), {
            status: 502,
            code: "upstream_error",
          });
        });
      }
    }
  });

  describe.concurrent("that refuse", () => {
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
      ["INTERNAL", 502, "upstream_error"],
      ["UNAVAILABLE", 503, "upstream_unavailable"],
      ["DATA_LOSS", 502, "upstream_error"],
      ["UNAUTHENTICATED", 502, "upstream_error"],
    ];
    // Each in its own way: a status asked for, a status on the unary rpc, a status of a server without error messages.
    for (const model of ["vllm", "unary", "mlserver", "kserve"] as const) {
      for (const [word, status, code] of statuses) {
        test(`${model} with ${word} is ${status} ${code}`, async () => {
          for (const stream of [false, true]) {
            const answer = await say(model, { fail_after: 0, fail_status: word, fail_text: secret }, stream);

            expectError(answer, { status, code, ...(status === 429 ? { type: "requests" } : {}) });
            expectNoBackendDetail(answer.text);
          }
        });
      }
    }

    for (const model of ["dynamo", "ovms"] as const) {
      test(`${model} by a message in the stream, which has no status, is 502`, async () => {
        for (const stream of [false, true]) {
          const answer = await say(
            model,
            { fail_after: 0, fail_status: "INVALID_ARGUMENT", fail_text: secret },
            stream,
          );

          expectError(answer, { status: 502, code: "upstream_error" });
          expectNoBackendDetail(answer.text);
        }
      });
    }

    const overflows = [
      "This model's maximum context length is 4096 tokens. However, your request has 5000 input tokens.",
      "The decoder prompt (length 5000) is longer than the maximum model length of 4096.",
      "Prompt length (5000) exceeds maximum input length (4096). Set log level to info for details.",
    ];
    for (const [index, { name }] of answering.entries()) {
      test(`${name} because of the context is context_length_exceeded`, async () => {
        const fail_text = overflows[index % overflows.length] ?? "";
        for (const stream of [false, true]) {
          const answer = await say(name, { fail_after: 0, fail_text }, stream);

          const error = expectError(answer, { status: 400, code: "context_length_exceeded" });
          expect(error.message).toContain("maximum context length is 4096 tokens");
          expect(error.message).toContain("exceeds the context window");
        }
      });
    }

    test("after the first token is an error frame, whatever the status", async () => {
      for (const fail_status of ["NOT_FOUND", "INVALID_ARGUMENT", "RESOURCE_EXHAUSTED", "UNAVAILABLE"]) {
        const { chunks, text } = await streamOf("vllm", { fail_after: 1, fail_status, fail_text: secret });

        expect(chatText(chunks)).toBe("a");
        errorOf(chunks.at(-1));
        expectNoEnd(chunks);
        expectNoBackendDetail(text);
      }
    });
  });

  describe("that are left", () => {
    for (const { name, server } of answering) {
      test(`${name} hears of it when the client goes before the first token, streaming or not`, async () => {
        for (const stream of [false, true]) {
          await bed.server(server).reset();
          const controller = new AbortController();
          const gone = fetch(`${bed.url()}/chat/completions`, {
            method: "POST",
            signal: controller.signal,
            body: JSON.stringify({ model: name, stream, ...replying({ fault: "stall" }) }),
          }).catch((error: unknown) => error);
          await bed.server(server).waitFor({ model: name, outcome: "running" });

          controller.abort();

          expect(await bed.server(server).cancelled(1)).toHaveLength(1);
          expect(await gone).toMatchObject({ name: "AbortError" });
        }
      });
    }
  });

  test("and are asked for embeddings are 503 while they are away, and well after", async () => {
    const embed = () => post(`${bed.url()}/embeddings`, { model: "vllm", input: "x" });

    await bed.server("triton").down();
    const away = await embed();
    await bed.server("triton").up();
    const back = await untilAnswer(embed, ({ status }) => status !== 503);

    expectError(away, { status: 503, code: "upstream_unavailable" });
    expectNoBackendDetail(away.text);
    expect(back.status).toBe(200);
  });

  test(
    "cost no memory that stays",
    async () => {
      const rounds = extent(7, 100);
      const kinds = ["garbage", "giant", "lying-prefix", "truncated", "error-message", "huge-shape"];
      const round = async () => {
        await Promise.all(
          answering.flatMap(({ name }) =>
            kinds.map(async (fault, index) => {
              const directive = { fault, fault_bytes: 3 * mebibyte, fault_after: index % 2 };
              const { status } = await say(name, directive, index % 3 > 0);
              expect([200, 502]).toContain(status);
            }),
          ),
        );
      };
      await round();
      await round();
      const before = residentBytes(bed.gateway().pid);

      for (let done = 0; done < rounds; done++) await round();

      expect(residentBytes(bed.gateway().pid) - before).toBeLessThan(60 * mebibyte);
      await expectHealthy("vllm");
    },
    extent(30_000, 300_000),
  );
});

describeBlackBox("Servers that fall silent", () => {
  const limitMs = 500;
  const bed = serveModels({
    servers,
    models,
    args: ["--first-token-timeout", `${limitMs}ms`, "--token-timeout", `${limitMs}ms`, "--head-start", "10s"],
  });
  test("before the first token are 504, and their calls are cancelled", async () => {
    for (const stream of [false, true]) {
      const answers = await Promise.all(
        answering.map(({ name }) => bed.chat({ ...chat(name, { fault: "stall" }), stream })),
      );

      for (const answer of answers) expectError(answer, { status: 504, code: "timeout" });
    }
    for (const [server, served] of Object.entries(servers))
      expect(await bed.server(server).cancelled(2 * served.length)).toHaveLength(2 * served.length);
  });

  test("after it are an error frame, and their calls are cancelled", async () => {
    const inParts = answering.filter(({ comes }) => comes !== "whole");
    const streams = await Promise.all(
      inParts.map(({ name }) =>
        postStream<ChatChunk>(
          `${bed.url()}/chat/completions`,
          chat(name, { fault: "stall", fault_after: 1 }),
        ),
      ),
    );

    for (const { chunks } of streams) {
      expect(chatText(chunks)).toBe("a");
      expect(errorOf(chunks.at(-1))).toMatchObject({ code: "timeout", type: "server_error" });
      expectNoEnd(chunks);
    }
    for (const { server } of inParts) await bed.server(server).cancelled(1);
  });
});

function chat(model: ModelName, directive: ReplyDirective) {
  return { model, ...replying({ ...told, ...directive }) };
}

/** What a real failure tells, for `expectNoBackendDetail`. */
const secret = "worker 10.20.30.40:8100 crashed in /srv/models/secret.gguf";

function expectNoEnd(chunks: readonly ChatChunk[]): void {
  const ended = chunks
    .slice(0, -1)
    .filter((chunk) => chunk.choices.some((choice) => choice.finish_reason !== null));
  expect(ended).toEqual([]);
  expect(chunks.some((chunk) => chunk.usage != null)).toBe(false);
}
