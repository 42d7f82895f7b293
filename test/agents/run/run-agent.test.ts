import { describe, expect, test } from "bun:test";
import type { AgentContext, AgentRun } from "../../../src/agents/kit/agent.ts";
import { defineAgent } from "../../../src/agents/kit/define-agent.ts";
import { reply } from "../../../src/agents/kit/reply.ts";
import { loadAgentFiles } from "../../../src/agents/load/load-agent-files.ts";
import { ServeError } from "../../../src/core/error.ts";
import { describeCause } from "../../../src/telemetry/cause.ts";
import { says } from "../../support/agents/loop-bed.ts";
import { run } from "../../support/calls.ts";
import { failureOf } from "../../support/failure.ts";
import { createFolder } from "../load/folder.ts";
import { kit } from "../load/kit.ts";
import { answerOf, runBed } from "./bed.ts";

describe("an answer", () => {
  const answers: readonly (readonly [name: string, run: AgentRun, text: string])[] = [
    ["a text", () => "Hello", "Hello"],
    ["a promise of a text", async () => "Hello", "Hello"],
    ["an object", () => ({ city: "Oslo" }), '{"city":"Oslo"}'],
    ["an array", () => [1, 2], "[1,2]"],
    [
      "an object of a class",
      () =>
        new (class Town {
          name = "Oslo";
        })(),
      '{"name":"Oslo"}',
    ],
    ["an object without a prototype", () => Object.create(null), "{}"],
    ["a date", () => new Date(0), '"1970-01-01T00:00:00.000Z"'],
    ["a number", () => 5, "5"],
    ["false", () => false, "false"],
    ["null", () => null, ""],
    ["nothing", () => {}, ""],
    ["a reply", () => reply({ text: "Hello" }), "Hello"],
    [
      "an async generator",
      async function* () {
        yield "Hel";
        yield "lo";
      },
      "Hello",
    ],
    [
      "a generator",
      function* () {
        yield "Hel";
        yield ["l", { type: "text", text: "o" }];
      },
      "Hello",
    ],
    [
      "a promise of a stream",
      async () =>
        new ReadableStream<string>({
          start(controller) {
            controller.enqueue("Hello");
            controller.close();
          },
        }),
      "Hello",
    ],
  ];
  for (const [name, agent, text] of answers) {
    test(`may be ${name}`, async () => {
      const answer = await answerOf(agent);

      expect(answer.text).toBe(text);
      expect(answer.finish).toBe("stop");
    });
  }

  test("has a batch for each piece, and none for an empty one", async () => {
    const { batches } = await answerOf(async function* () {
      yield "a";
      yield "";
      yield [];
      yield ["b", { type: "reasoning", text: "c" }];
    });

    expect(batches.slice(0, -1)).toEqual([
      [{ type: "text-delta", choice: 0, text: "a" }],
      [
        { type: "text-delta", choice: 0, text: "b" },
        { type: "reasoning-delta", choice: 0, text: "c" },
      ],
    ]);
  });

  test("that is a reply has its parts in order", async () => {
    const { events, finish, usage, metadata } = await answerOf(() =>
      reply({
        text: "Let me see.",
        reasoning: "Weather is needed.",
        toolCalls: [{ id: "call_1", name: "weather", arguments: { city: "Oslo" } }],
        usage: { promptTokens: 3, completionTokens: 4 },
        metadata: { source: "memory" },
      }),
    );

    expect(events.slice(0, 4)).toEqual([
      { type: "reasoning-delta", choice: 0, text: "Weather is needed." },
      { type: "text-delta", choice: 0, text: "Let me see." },
      { type: "tool-call-start", choice: 0, index: 0, id: "call_1", name: "weather", kind: "function" },
      { type: "tool-call-delta", choice: 0, index: 0, arguments: '{"city":"Oslo"}' },
    ]);
    expect(finish).toBe("tool-calls");
    expect(usage).toEqual({ promptTokens: 3, completionTokens: 4 });
    expect(metadata).toMatchObject({ source: "memory" });
  });

  test("that refuses ends with the filter", async () => {
    const { events, finish, text } = await answerOf(() => reply({ refusal: "No." }));

    expect(events[0]).toEqual({ type: "refusal-delta", choice: 0, text: "No." });
    expect(text).toBe("");
    expect(finish).toBe("content-filter");
  });
});

describe("metadata", () => {
  test("says how long it took, whom it asked and how often", async () => {
    const { metadata } = await answerOf(() => "Hello");

    expect(metadata).toEqual({
      execution_time_seconds: expect.any(Number),
      agents_used: [],
      iterations: 0,
    });
    expect(metadata?.["execution_time_seconds"]).toBeLessThan(5);
  });

  test("counts the agent's questions, the agents among those it asked, and adds what it says itself", async () => {
    const { metadata } = await answerOf(
      async function* ({ generate }) {
        yield { type: "metadata", fields: { draft: 1, step: "first" } };
        await generate({ model: "writer", messages: "Write." }).text();
        await generate({ model: "small", messages: "Shorten." }).text();
        yield { type: "metadata", fields: { step: "second" } };
      },
      { script: [says("Long"), says("Short")], agents: { writer: "Writes." } },
    );

    expect(metadata).toMatchObject({ agents_used: ["writer"], iterations: 2, draft: 1, step: "second" });
  });

  test("says what happened, whatever the agent says of it", async () => {
    const fields = { agents_used: ["nobody"], iterations: 99, execution_time_seconds: -1, draft: 1 };

    const { metadata } = await answerOf(() => reply({ text: "Hello", metadata: fields }));

    expect(metadata).toEqual({
      execution_time_seconds: expect.any(Number),
      agents_used: [],
      iterations: 0,
      draft: 1,
    });
    expect(metadata?.["execution_time_seconds"]).toBeGreaterThanOrEqual(0);
  });
});

describe("usage", () => {
  test("is what all questions to models took", async () => {
    const { usage } = await answerOf(
      async ({ generate }) => {
        await generate({ model: "small", messages: "One" }).text();
        return generate({ model: "small", messages: "Two" });
      },
      { script: [says("1", 2), says("2", 3)] },
    );

    expect(usage).toEqual({ promptTokens: 20, completionTokens: 5 });
  });

  test("is not said where no model was asked", async () => {
    const { usage } = await answerOf(() => "Hello");

    expect(usage).toBeUndefined();
  });

  test("is what the agent says it is", async () => {
    const { usage } = await answerOf(
      async function* ({ generate }) {
        yield* generate({ model: "small", messages: "One" });
        yield { type: "usage", usage: { promptTokens: 1, completionTokens: 1 } };
      },
      { script: [says("1")] },
    );

    expect(usage).toEqual({ promptTokens: 1, completionTokens: 1 });
  });
});

describe("a declarative agent", () => {
  const agent = defineAgent({
    name: "helper",
    model: "small",
    system: "Be short.",
    params: { temperature: 0.2, maxTokens: 100, extra: { top_k: 1, mode: "own" } },
  });

  test("asks its model with its instructions, and with the client's params on top of its own", async () => {
    const { text, model } = await answerOf(agent, {
      request: { sampling: { temperature: 0.9 }, extra: { mode: "client" } },
      script: [says("Hi")],
    });

    expect(text).toBe("Hi");
    expect(model.seen[0]).toMatchObject({
      model: "small",
      prompt: {
        messages: [
          { role: "system", content: [{ type: "text", text: "Be short." }] },
          { role: "user", content: [{ type: "text", text: "Hi" }] },
        ],
      },
      sampling: { temperature: 0.9, maxTokens: 100 },
      extra: { top_k: 1, mode: "client" },
    });
  });

  for (const [includeClientTools, names] of [
    [true, ["weather"]],
    [false, []],
  ] as const) {
    test(`shows its model the client's tools: ${includeClientTools}`, async () => {
      const { model } = await answerOf(defineAgent({ name: "helper", model: "small", includeClientTools }), {
        request: {
          tools: [{ kind: "function", name: "weather" }],
          toolChoice: { mode: "named", name: "weather" },
        },
        script: [says("Hi")],
      });

      expect(model.seen[0]?.tools.map(({ name }) => name)).toEqual([...names]);
    });
  }

  test("hands work to one agent at a time when it is not to be parallel", async () => {
    const { model } = await answerOf(
      defineAgent({ name: "helper", model: "small", agents: ["writer"], parallel: false }),
      { script: [says("Hi")], agents: { writer: "Writes." } },
    );

    expect(model.seen[0]?.parallelToolCalls).toBe(false);
    expect(model.seen[0]?.tools.map(({ name }) => name)).toEqual(["ask_writer"]);
  });
});

describe("a failure", () => {
  const failures: readonly (readonly [name: string, run: AgentRun, cause: RegExp])[] = [
    ["a throw", () => fail(), /secret detail/],
    ["a rejection", async () => fail(), /secret detail/],
    [
      "a throw in a stream",
      async function* () {
        yield "Hello";
        fail();
      },
      /secret detail/,
    ],
    ["a thrown text", () => raise("secret detail"), /secret detail/],
    ["null", () => raise(null), /null/],
    [
      "an error that is its own cause",
      () => raise(circular()),
      /secret detail, because Error: secret detail/,
    ],
    [
      "an error whose message fails",
      () =>
        raise(
          Object.defineProperty(new Error(), "message", {
            get: fail,
          }),
        ),
      /cannot be read/,
    ],
    ["an error that cannot be read", () => raise(unreadable()), /It threw what cannot be read/],
    [
      "an error whose message is no text",
      () => raise(Object.assign(new Error(), { message: {} })),
      /cannot be read/,
    ],
    [
      "an error whose cause cannot be read",
      () => raise(new Error("x", { cause: unreadable() })),
      /cannot be read/,
    ],
    ["a function as its answer", () => fail, /cannot answer a function/],
    ["a value without JSON", () => ({ count: 1n }), /BigInt/],
    ["a map as its answer", () => new Map([["a", 1]]), /cannot answer a Map/],
    ["a map in its answer", () => ({ scores: new Map([["a", 1]]) }), /cannot answer a Map/],
    ["a set as its answer", () => new Set([1]), /cannot answer a Set/],
    ["a response as its answer", () => new Response("Hello"), /cannot answer a Response/],
    ["a buffer as its answer", () => new ArrayBuffer(2), /cannot answer an ArrayBuffer/],
    ["bytes as its answer", () => new Uint8Array([1, 2]), /cannot answer a Uint8Array/],
    ["Node's bytes as its answer", () => Buffer.from("Hello"), /cannot answer a Buffer/],
    ["an error as its answer", () => new TypeError("secret detail"), /cannot answer a TypeError/],
    [
      "a piece that is none",
      async function* () {
        yield "Hello";
        yield 5;
      },
      /a text, an event or an array of them, not 5/,
    ],
    [
      "an unknown event",
      async function* () {
        yield { type: "image", url: "" };
      },
      /not an event of type 'image'/,
    ],
  ];
  for (const [name, agent, cause] of failures) {
    test(`by ${name} is the agent's, and its words are for the log`, async () => {
      const { batches } = runBed(agent);

      const { failure } = await run(batches);

      expect(failure).toBeInstanceOf(ServeError);
      expect(failure).toMatchObject({
        kind: "internal",
        code: "agent_failed",
        message: "The agent failed.",
        shouldRetry: false,
      });
      const told = describeCause(ServeError.from(failure).cause);
      expect(told).toStartWith("Error: the agent 'helper' failed");
      expect(told).toMatch(cause);
    });
  }

  test("is told with its place in the agent's file", async () => {
    await using folder = await createFolder({
      "a.ts": "export default function broken() {\n  throw new Error('no');\n}",
    });
    const { agents } = await loadAgentFiles({ files: [folder.path], kit });
    const { batches } = runBed((context) => agents[0]?.agent.run(context));

    const { failure } = await run(batches);

    expect(describeCause(ServeError.from(failure).cause)).toStartWith(
      `Error: the agent 'helper' failed at ${folder.at("a.ts")}:2:`,
    );
  });

  test("has no place where no agent's file has a part in it", async () => {
    const { batches } = runBed(() => fail());

    const { failure } = await run(batches);

    expect(describeCause(ServeError.from(failure).cause)).toStartWith(
      "Error: the agent 'helper' failed, because",
    );
  });

  test("of a model is passed on as it is", async () => {
    const busy = new ServeError("rate_limited", "Too many.", { retryAfterSeconds: 3 });
    const { batches } = runBed(({ generate }) => generate({ model: "small" }), { script: [[busy]] });

    const { failure } = await run(batches);

    expect(failure).toBe(busy);
  });

  test("comes after what was said before it", async () => {
    const { batches } = runBed(async function* () {
      yield "Hello";
      fail();
    });

    const outcome = await run(batches);

    expect(outcome.batches).toEqual([[{ type: "text-delta", choice: 0, text: "Hello" }]]);
  });
});

describe("an abort", () => {
  const gone = new ServeError("canceled", "The client left.");

  test("ends the agent's stream where it waits to be read", async () => {
    const controller = new AbortController();
    const ended = Promise.withResolvers<string>();
    const { batches } = runBed(
      async function* () {
        try {
          yield "Hello";
          yield "more";
        } finally {
          ended.resolve("ended");
        }
      },
      { signal: controller.signal },
    );
    await batches.next();

    controller.abort(gone);

    expect(await ended.promise).toBe("ended");
    expect(await failureOf(batches.next())).toBe(gone);
  });

  test("is what an agent fails with that throws because of it", async () => {
    const controller = new AbortController();
    const { batches } = runBed(
      ({ signal }) =>
        new Promise((_, reject) => {
          signal.addEventListener("abort", () => reject(new Error("Aborted.")));
        }),
      { signal: controller.signal },
    );
    const first = batches.next();

    controller.abort(gone);

    expect(await failureOf(first)).toBe(gone);
  });

  test("before the agent was asked keeps it from running", async () => {
    let runs = 0;
    const { batches } = runBed(() => `${++runs}`, { signal: AbortSignal.abort(gone) });

    const { failure } = await run(batches);

    expect(failure).toBe(gone);
    expect(runs).toBe(0);
  });

  test("reaches a deaf agent at its next piece", async () => {
    const controller = new AbortController();
    const { batches } = runBed(
      async function* () {
        for (;;) yield "more";
      },
      { signal: controller.signal },
    );
    await batches.next();

    controller.abort(gone);

    expect(await failureOf(batches.next())).toBe(gone);
  });
});

test("a reader who leaves ends the agent's stream", async () => {
  const ended = Promise.withResolvers<string>();
  const { batches } = runBed(async function* () {
    try {
      for (;;) yield "more";
    } finally {
      ended.resolve("ended");
    }
  });
  await batches.next();

  await batches.return(undefined);

  expect(await ended.promise).toBe("ended");
});

test("an agent that never waits lets others have their turn", async () => {
  const turn = Promise.withResolvers<string>();
  const { batches } = runBed(async function* () {
    for (;;) yield "more";
  });
  setTimeout(turn.resolve, 0, "had");
  let had = "waits";
  void turn.promise.then((value) => (had = value));

  for await (const _ of batches) if (had === "had") break;

  expect(had).toBe("had");
});

test("nothing is shared between runs", async () => {
  const seen: AgentContext[] = [];
  const agent = defineAgent({
    name: "helper",
    async *run(context) {
      seen.push(context);
      for (let index = 0; index < 5; index++) {
        await Promise.resolve();
        yield `${context.userQuery} `;
      }
    },
  });
  const prompts = Array.from({ length: 100 }, (_, index) => `prompt ${index}`);

  const texts = await Promise.all(
    prompts.map(async (text) => {
      const content = [{ type: "text" as const, text }];
      const prompt = { kind: "messages" as const, messages: [{ role: "user" as const, content }] };
      return (await answerOf(agent, { request: { prompt } })).text;
    }),
  );

  expect(texts).toEqual(prompts.map((text) => `${text} `.repeat(5)));
  expect(new Set(seen).size).toBe(100);
});

describe("the watch over the event loop", () => {
  test("runs every step of the agent, and knows when the agent is at work", async () => {
    const steps: string[] = [];
    let isAtWork = false;
    const loopWatch = {
      run: <Result>(id: string, step: () => Result): Result => {
        steps.push(id);
        return step();
      },
      enter: () => {
        isAtWork = true;
        return () => void (isAtWork = false);
      },
    };

    const { text } = await answerOf(
      async function* () {
        yield "a";
        yield "b";
      },
      { loopWatch },
    );

    expect(text).toBe("ab");
    expect(steps.length).toBeGreaterThanOrEqual(4);
    expect(new Set(steps)).toEqual(new Set(["helper"]));
    expect(isAtWork).toBe(false);
  });
});

function fail(): never {
  throw new Error("secret detail");
}

function raise(value: unknown): never {
  throw value;
}

function circular(): Error {
  const error = new Error("secret detail");
  error.cause = error;
  return error;
}

/** Fails whoever looks at it. */
function unreadable(): object {
  return new Proxy({}, { getPrototypeOf: () => fail(), get: () => fail() });
}
