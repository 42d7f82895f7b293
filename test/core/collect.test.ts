import { describe, expect, test } from "bun:test";
import { type Choice, collect } from "../../src/core/collect.ts";
import type { EventBatch, TokenLogprob } from "../../src/core/generation.ts";
import { rejection } from "../support/rejection.ts";

async function* batchesOf(...batches: EventBatch[]): AsyncGenerator<EventBatch> {
  yield* batches;
}

async function* failing(): AsyncGenerator<EventBatch> {
  yield [{ type: "text-delta", choice: 0, text: "half" }];
  throw new Error("broken");
}

const finish = { type: "finish", choice: 0, reason: "stop" } as const;
const empty: Choice = {
  index: 0,
  text: "",
  reasoning: "",
  refusal: "",
  toolCalls: [],
  logprobs: [],
  finish: "stop",
};

function logprob(token: string): TokenLogprob {
  return { token, logprob: -1, bytes: null, top: [] };
}

describe("collect", () => {
  test("puts the deltas of a choice together across batches", async () => {
    const generation = await collect(
      batchesOf(
        [
          { type: "reasoning-delta", choice: 0, text: "h" },
          { type: "reasoning-delta", choice: 0, text: "m" },
        ],
        [{ type: "text-delta", choice: 0, text: "Hello " }],
        [
          { type: "text-delta", choice: 0, text: "there" },
          { type: "refusal-delta", choice: 0, text: "no" },
        ],
        [{ type: "finish", choice: 0, reason: "length" }],
      ),
    );

    expect(generation.choices).toEqual([
      {
        index: 0,
        text: "Hello there",
        reasoning: "hm",
        refusal: "no",
        toolCalls: [],
        logprobs: [],
        finish: "length",
      },
    ]);
  });

  test("keeps choices apart and gives them by number, whatever order they came in", async () => {
    const generation = await collect(
      batchesOf([
        { type: "text-delta", choice: 2, text: "c" },
        { type: "text-delta", choice: 0, text: "a" },
        { type: "finish", choice: 2, reason: "length" },
        { type: "text-delta", choice: 0, text: "a" },
        finish,
        { type: "finish", choice: 1, reason: "content-filter" },
      ]),
    );

    expect(generation.choices.map(({ index, text, finish: reason }) => [index, text, reason])).toEqual([
      [0, "aa", "stop"],
      [1, "", "content-filter"],
      [2, "c", "length"],
    ]);
  });

  test("puts tool calls together by their number", async () => {
    const generation = await collect(
      batchesOf(
        [
          { type: "tool-call-start", choice: 0, index: 0, id: "call_a", name: "weather", kind: "function" },
          { type: "tool-call-delta", choice: 0, index: 0, arguments: '{"city":' },
        ],
        [
          { type: "tool-call-delta", choice: 0, index: 0, arguments: '"Paris"}' },
          { type: "tool-call-start", choice: 0, index: 1, id: "call_b", name: "shell", kind: "custom" },
          { type: "finish", choice: 0, reason: "tool-calls" },
        ],
      ),
    );

    expect(generation.choices[0]).toEqual({
      ...empty,
      toolCalls: [
        { id: "call_a", kind: "function", name: "weather", arguments: '{"city":"Paris"}' },
        { id: "call_b", kind: "custom", name: "shell", arguments: "" },
      ],
      finish: "tool-calls",
    });
  });

  test("keeps logprobs in order, those of empty texts included", async () => {
    const generation = await collect(
      batchesOf([
        { type: "text-delta", choice: 0, text: "", logprobs: [logprob("a")] },
        { type: "text-delta", choice: 0, text: "ab", logprobs: [logprob("b"), logprob("c")] },
        finish,
      ]),
    );

    expect(generation.choices[0]?.logprobs.map(({ token }) => token)).toEqual(["a", "b", "c"]);
  });

  test("gives the usage, and merges metadata by field", async () => {
    const usage = { promptTokens: 7, completionTokens: 3, cachedTokens: 2 };

    const generation = await collect(
      batchesOf(
        [{ type: "metadata", fields: { agents_used: ["a"], iterations: 1 } }],
        [finish, { type: "metadata", fields: { iterations: 2 } }],
        [{ type: "usage", usage }],
      ),
    );

    expect(generation.usage).toEqual(usage);
    expect(generation.metadata).toEqual({ agents_used: ["a"], iterations: 2 });
  });

  test("a choice that only finishes is an empty answer", async () => {
    const generation = await collect(batchesOf([finish]));

    expect(generation.choices).toEqual([empty]);
  });

  const tooLong: [string, EventBatch][] = [
    ["text", [{ type: "text-delta", choice: 0, text: "x".repeat(1 << 20) }]],
    ["reasoning", [{ type: "reasoning-delta", choice: 0, text: "x".repeat(1 << 20) }]],
    [
      "all choices together",
      [0, 1, 2, 3].map((choice) => ({ type: "text-delta", choice, text: "x".repeat(1 << 18) }) as const),
    ],
    [
      "arguments",
      [
        { type: "tool-call-start", choice: 0, index: 0, id: "call_a", name: "f", kind: "function" },
        { type: "tool-call-delta", choice: 0, index: 0, arguments: "x".repeat(1 << 20) },
      ],
    ],
    [
      "logprobs without text",
      [{ type: "text-delta", choice: 0, text: "", logprobs: [logprob("x".repeat(1 << 20))] }],
    ],
  ];
  for (const [what, batch] of tooLong) {
    test(`an answer of more than 33554432 characters is an error and is ended at once: ${what}`, async () => {
      let given = 0;
      let isEnded = false;
      async function* endless(): AsyncGenerator<EventBatch> {
        try {
          for (; given < 100; given++) yield batch;
        } finally {
          isEnded = true;
        }
      }

      expect(await rejection(collect(endless()))).toMatchObject({
        kind: "upstream",
        code: "upstream_error",
        message: expect.stringContaining("33554432"),
      });
      expect(isEnded).toBe(true);
      expect(given).toBeWithin(31, 34);
    });
  }

  test("an answer of just so many characters is taken", async () => {
    const text = "x".repeat(1 << 20);
    const parts = Array.from({ length: 32 }, () => [{ type: "text-delta", choice: 0, text }] as const);

    const { choices } = await collect(batchesOf(...parts));

    expect(choices[0]?.text).toHaveLength(1 << 25);
  });

  test("a failure after output is a failure, not half an answer", async () => {
    const outcome = collect(failing());

    expect(await rejection(outcome)).toHaveProperty("message", "broken");
  });
});
