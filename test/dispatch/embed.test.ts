import { describe, expect, jest, test } from "bun:test";
import { ServeError } from "../../src/core/error.ts";
import type {
  Backend,
  CallContext,
  Capabilities,
  EmbeddingRequest,
  EmbeddingResult,
} from "../../src/core/generation.ts";
import { createAdmission } from "../../src/dispatch/admission.ts";
import type { Timeouts } from "../../src/dispatch/deadlines.ts";
import { createEmbed } from "../../src/dispatch/embed.ts";
import { createRegistry } from "../../src/dispatch/registry.ts";
import { createExchangeLog } from "../../src/telemetry/exchange.ts";
import { callContext, memoryLog } from "../support/calls.ts";
import { characterTokens } from "../support/character-tokens.ts";
import { failureOf } from "../support/failure.ts";
import { scripted } from "../support/scripted.ts";

type Answer = (request: EmbeddingRequest, context: CallContext) => Promise<EmbeddingResult>;

interface BenchOptions {
  answer?: Answer;
  capabilities?: Partial<Capabilities>;
  contextTokens?: number;
  strict?: boolean;
  maxConcurrency?: number;
  timeouts?: Partial<Timeouts>;
}

const vectorEach: Answer = async ({ inputs }) => ({
  vectors: inputs.map((_, index) => new Float32Array([index, 1])),
});

function createBench({ answer = vectorEach, capabilities, contextTokens, ...options }: BenchOptions = {}) {
  const seen: EmbeddingRequest[] = [];
  const signals: AbortSignal[] = [];
  const backend: Backend = Object.assign(
    scripted([], {
      models: [{ id: "target", aliases: ["alias"], ownedBy: "x", ...(contextTokens && { contextTokens }) }],
      capabilities: { tokenPrompts: false, embeddings: { dimensions: true }, ...capabilities },
    }),
    {
      embed: async (request: EmbeddingRequest, context: CallContext) => {
        seen.push(request);
        signals.push(context.signal);
        return await answer(request, context);
      },
    },
  );
  const log = memoryLog();
  const embed = createEmbed({
    registry: createRegistry({ backends: [backend], models: {}, tokenModel: "gpt-4" }),
    admission: createAdmission({ maxConcurrency: options.maxConcurrency ?? 1, maxQueue: 0 }),
    tokens: characterTokens(),
    timeouts: { firstTokenMs: 0, betweenTokensMs: 0, totalMs: 0, ...options.timeouts },
    maxPromptBytes: 1_000,
    strict: options.strict ?? false,
    exchange: () => createExchangeLog(log, "full"),
  });
  return { embed, seen, signals, log };
}

const hello: EmbeddingRequest = { model: "alias", inputs: [{ kind: "text", text: "hello" }], extra: {} };

test("an answer has a vector for each input, under the client's id, and is logged", async () => {
  const { embed, seen, log } = createBench();

  const answered = await embed({ ...hello, inputs: [...hello.inputs, ...hello.inputs] }, callContext());

  expect(answered).toEqual({
    model: "alias",
    ignored: [],
    result: { vectors: [new Float32Array([0, 1]), new Float32Array([1, 1])], promptTokens: 10 },
  });
  expect(seen).toMatchObject([{ model: "target" }]);
  expect(log.lines.map((line) => line.slice(0, 14))).toEqual(["info → Request", "info ← Respons"]);
});

const counting: Answer = async (request, context) => ({
  ...(await vectorEach(request, context)),
  promptTokens: 3,
});

test("the backend's own count of tokens wins", async () => {
  expect((await createBench({ answer: counting }).embed(hello, callContext())).result.promptTokens).toBe(3);
});

test("token ids become text for a backend that takes text only, and count as they are", async () => {
  const { embed, seen } = createBench();
  const inputs = [{ kind: "tokens", tokens: [72, 105] }] as const;

  const { result } = await embed({ ...hello, inputs }, callContext());

  expect(seen[0]?.inputs).toEqual([{ kind: "text", text: "Hi" }]);
  expect(result.promptTokens).toBe(2);
});

test("token ids go to a backend that takes them", async () => {
  const { embed, seen } = createBench({ capabilities: { tokenPrompts: true } });
  const inputs = [{ kind: "tokens", tokens: [72, 105] }] as const;

  await embed({ ...hello, inputs }, callContext());

  expect(seen[0]?.inputs).toEqual(inputs);
});

const { embeddings: _none, ...withoutEmbeddings } = { embeddings: undefined, text: true };

const refused: [string, Partial<EmbeddingRequest>, BenchOptions, { code: string; param: string }][] = [
  [
    "dimensions that cannot be chosen",
    { dimensions: 2 },
    { capabilities: { embeddings: { dimensions: false } } },
    { code: "unsupported_parameter", param: "dimensions" },
  ],
  [
    "an input longer than the context",
    { inputs: [{ kind: "text", text: "x".repeat(11) }] },
    { contextTokens: 10 },
    { code: "context_length_exceeded", param: "input" },
  ],
  [
    "more token ids than the context has",
    { inputs: [{ kind: "tokens", tokens: Array.from({ length: 11 }, () => 65) }] },
    { contextTokens: 10 },
    { code: "context_length_exceeded", param: "input" },
  ],
  [
    "token ids that stand for too much text",
    { inputs: [{ kind: "tokens", tokens: Array.from({ length: 1_001 }, () => 65) }] },
    {},
    { code: "invalid_value", param: "input" },
  ],
  [
    "a field without effect where nothing may be ignored",
    { extra: { foo: 1 } },
    { strict: true },
    { code: "unknown_parameter", param: "foo" },
  ],
];
for (const [what, request, options, expected] of refused) {
  test(`${what} is refused by name, and no backend is called`, async () => {
    const { embed, seen } = createBench(options);

    expect(await failureOf(embed({ ...hello, ...request }, callContext()))).toMatchObject({
      status: 400,
      ...expected,
    });
    expect(seen).toEqual([]);
  });
}

test("a model that does not embed is refused", async () => {
  const backend = scripted([], { capabilities: withoutEmbeddings });
  const embed = createEmbed({
    registry: createRegistry({ backends: [backend], models: {}, tokenModel: "gpt-4" }),
    admission: createAdmission({ maxConcurrency: 1, maxQueue: 0 }),
    tokens: characterTokens(),
    timeouts: { firstTokenMs: 0, betweenTokensMs: 0, totalMs: 0 },
    maxPromptBytes: 1_000,
    strict: false,
    exchange: () => createExchangeLog(memoryLog(), "off"),
  });

  expect(await failureOf(embed({ ...hello, model: "" }, callContext()))).toMatchObject({
    status: 400,
    code: "unsupported_value",
    param: "model",
  });
});

test("a field without effect is named", async () => {
  const { embed } = createBench({ capabilities: { extra: new Set(["truncate"]) } });

  const { ignored } = await embed({ ...hello, extra: { truncate: true, foo: 1 } }, callContext());

  expect(ignored).toEqual(["foo"]);
});

const broken: [string, EmbeddingResult][] = [
  ["no vector", { vectors: [] }],
  ["vectors of two lengths", { vectors: [new Float32Array(1), new Float32Array(2)] }],
];
for (const [what, result] of broken) {
  test(`a backend that answers with ${what} has failed`, async () => {
    const { embed, log } = createBench({ answer: async () => result });
    const inputs = [...hello.inputs, ...hello.inputs];

    expect(await failureOf(embed({ ...hello, inputs }, callContext()))).toMatchObject({
      status: 502,
      code: "upstream_error",
    });
    expect(log.lines.at(-1)).toStartWith("error ✗");
  });
}

function hang(): Promise<EmbeddingResult> {
  return Promise.withResolvers<EmbeddingResult>().promise;
}

describe("the backend's signal aborts", () => {
  test("when the client leaves, and the place is free again", async () => {
    const { embed, signals } = createBench({
      answer: (request, context) => (signals.length === 1 ? hang() : vectorEach(request, context)),
    });
    const controller = new AbortController();
    const reason = new ServeError("canceled", "Gone.");
    const pending = failureOf(embed(hello, callContext(controller.signal)));
    while (signals.length === 0) await Promise.resolve();

    controller.abort(reason);

    expect(await pending).toBe(reason);
    expect(signals[0]?.reason).toBe(reason);
    expect((await embed(hello, callContext())).result.vectors).toHaveLength(1);
  });

  test("when it does not answer in time", async () => {
    jest.useFakeTimers();
    try {
      const { embed, signals } = createBench({ answer: hang, timeouts: { firstTokenMs: 1_000 } });
      const pending = failureOf(embed(hello, callContext()));
      while (signals.length === 0) await Promise.resolve();
      jest.advanceTimersByTime(2_002);

      expect(await pending).toMatchObject({ status: 504, code: "timeout" });
      expect(signals[0]?.aborted).toBe(true);
    } finally {
      jest.useRealTimers();
    }
  });
});

describe("a backend that makes several calls at once", () => {
  const inputs = Array.from({ length: 20 }, () => ({ kind: "text", text: "a" }) as const);
  const embeddings = { dimensions: true, callsAtOnce: 16 };

  for (const [what, maxConcurrency, count, expected] of [
    ["may make as many as it can", 64, 20, 16],
    ["makes no more than there are inputs", 64, 3, 3],
    ["makes no more than are free", 5, 20, 5],
  ] as const) {
    test(what, async () => {
      const { embed, seen } = createBench({ capabilities: { embeddings }, maxConcurrency });

      await embed({ ...hello, inputs: inputs.slice(0, count) }, callContext());

      expect(seen).toMatchObject([{ callsAtOnce: expected }]);
    });
  }

  test("takes a place for each", async () => {
    const gate = Promise.withResolvers<EmbeddingResult>();
    const { embed } = createBench({
      answer: () => gate.promise,
      capabilities: { embeddings },
      maxConcurrency: 16,
    });
    const first = embed({ ...hello, inputs: inputs.slice(0, 16) }, callContext());

    expect(await failureOf(embed(hello, callContext()))).toMatchObject({ code: "server_is_overloaded" });
    gate.resolve({ vectors: Array.from({ length: 16 }, () => new Float32Array([1])) });
    expect((await first).result.vectors).toHaveLength(16);
  });
});

test("one more than may be made at once is refused", async () => {
  const gate = Promise.withResolvers<void>();
  const { embed } = createBench({
    answer: async (request, context) => {
      await gate.promise;
      return vectorEach(request, context);
    },
  });
  const first = embed(hello, callContext());

  expect(await failureOf(embed(hello, callContext()))).toMatchObject({ code: "server_is_overloaded" });
  gate.resolve();
  expect((await first).result.vectors).toHaveLength(1);
});
