import { describe, expect, test } from "bun:test";
import type { GraphContext } from "../../../src/agents/kit/graph-context.ts";
import { Graph } from "../../../src/agents/kit/graph.ts";
import { END } from "../../../src/agents/kit/graph-plan.ts";
import type { GraphNode } from "../../../src/agents/kit/graph-types.ts";
import { describeCause } from "../../../src/telemetry/cause.ts";
import { ServeError } from "../../../src/core/error.ts";
import { says } from "../../support/agents/loop-bed.ts";
import { run } from "../../support/calls.ts";
import { failureOf } from "../../support/failure.ts";
import { answerOf, runBed } from "../run/bed.ts";

/** Nodes one after the other, named a, b, c… */
function chain(...given: GraphNode[]): Graph {
  const graph = new Graph({ name: "g" });
  for (const [index, node] of given.entries()) {
    const name = String.fromCharCode(97 + index);
    graph.addNode(name, node);
    graph.addEdge(name, index === given.length - 1 ? END : String.fromCharCode(98 + index));
  }
  return graph;
}

/** The texts as they were sent. */
async function textsOf(graph: Graph): Promise<string[]> {
  const { events } = await answerOf(graph);
  return events.flatMap((event) => (event.type === "text-delta" ? [event.text] : []));
}

describe("a node may be", () => {
  class Worker {
    readonly #greeting = "Hello";

    async arun(ctx: GraphContext): Promise<GraphContext> {
      ctx.response = `${this.#greeting}, ${ctx.userQuery}`;
      return ctx;
    }
  }
  const table: readonly (readonly [name: string, node: GraphNode])[] = [
    ["a function", (ctx) => void (ctx.response = `Hello, ${ctx.userQuery}`)],
    ["an async function", async (ctx) => void (ctx.response = `Hello, ${ctx.userQuery}`)],
    [
      "a function whose result is the context",
      (ctx) => Object.assign(ctx, { response: `Hello, ${ctx.userQuery}` }),
    ],
    [
      "a generator",
      function* (ctx) {
        yield "Hello, ";
        yield ctx.userQuery;
      },
    ],
    [
      "an async generator",
      async function* (ctx) {
        yield "Hello, ";
        yield { type: "text", text: ctx.userQuery };
      },
    ],
    ["an object with a method run", { run: (ctx) => void (ctx.response = `Hello, ${ctx.userQuery}`) }],
    ["an object with a method arun", new Worker()],
    ["a graph", chain((ctx) => void (ctx.response = `Hello, ${ctx.userQuery}`))],
  ];
  for (const [name, node] of table) {
    test(name, async () => {
      const { text, finish } = await answerOf(chain(node));

      expect(text).toBe("Hello, Hi");
      expect(finish).toBe("stop");
    });
  }

  test("a stream of a model", async () => {
    const { text, usage } = await answerOf(
      chain((ctx) => ctx.generate({ model: "small" })),
      { script: [says("From a model", 3)] },
    );

    expect(text).toBe("From a model");
    expect(usage).toEqual({ promptTokens: 10, completionTokens: 3 });
  });
});

describe("the response", () => {
  const table: readonly (readonly [name: string, graph: () => Graph, texts: string[]])[] = [
    [
      "that was set is sent at the end, as it is then",
      () =>
        chain(
          (ctx) => void (ctx.response = "draft"),
          (ctx) => void (ctx.response = `final, not ${ctx.response}`),
        ),
      ["final, not draft"],
    ],
    [
      "that was streamed is sent piece by piece and can be read",
      () =>
        chain(
          async function* () {
            yield "a";
            yield ["b", "c"];
          },
          (ctx) => void (ctx["seen"] = ctx.response),
          async function* (ctx) {
            yield `, after ${String(ctx["seen"])}`;
          },
        ),
      ["a", "b", "c", ", after abc"],
    ],
    [
      "that was set goes before what is streamed",
      () =>
        chain(
          (ctx) => void (ctx.response = "Intro: "),
          async function* (ctx) {
            yield "text";
            yield ` (${ctx.response})`;
          },
        ),
      ["Intro: ", "text", " (Intro: text)"],
    ],
    [
      "that extends what was streamed is sent after its node",
      () =>
        chain(
          async function* () {
            yield "text";
          },
          (ctx) => void (ctx.response += ", more"),
          async function* () {
            yield ", end";
          },
        ),
      ["text", ", more", ", end"],
    ],
    [
      "that a generator sets after its texts extends them",
      () =>
        chain(async function* (ctx) {
          yield "text";
          ctx.response = `${ctx.response}!`;
        }),
      ["text", "!"],
    ],
    ["that is no text is JSON", () => chain((ctx) => void (ctx.response = { a: [1] })), ['{"a":[1]}']],
    ["that is a number is JSON", () => chain((ctx) => void (ctx.response = 5)), ["5"]],
    ["that is null is empty", () => chain((ctx) => void (ctx.response = null)), []],
    ["that is undefined is empty", () => chain((ctx) => void (ctx.response = undefined)), []],
    ["that nobody set is empty", () => chain(() => "ignored"), []],
  ];
  for (const [name, graph, texts] of table) {
    test(name, async () => {
      expect(await textsOf(graph())).toEqual(texts);
    });
  }

  test("that contradicts what was streamed is kept from the client, and the log says so", async () => {
    const graph = chain(
      async function* () {
        yield "one";
      },
      (ctx) => void (ctx.response = "two"),
    );

    const { text, log } = await answerOf(graph);

    expect(text).toBe("one");
    expect(log.lines).toEqual([
      "warn A node of a graph set another response than what the client has of it already",
    ]);
    expect(log.fields).toEqual([{ graph: "g" }]);
  });

  test("of a refusal is not sent", async () => {
    const graph = chain((ctx) => {
      ctx.response = "Well";
      ctx.refusal = "No.";
    });

    const { events, text, finish } = await answerOf(graph);

    expect(events[0]).toEqual({ type: "refusal-delta", choice: 0, text: "No." });
    expect(text).toBe("");
    expect(finish).toBe("content-filter");
  });
});

describe("the context", () => {
  test("has the request's facts, its params beside them, and what the nodes add", async () => {
    let seen: Record<string, unknown> = {};
    const graph = chain(
      (ctx) => void (ctx["notes"] = ["first"]),
      (ctx) => void (seen = { ...ctx }),
    );

    await answerOf(graph, { request: { sampling: { temperature: 0.5, maxTokens: 7 } } });

    expect(seen).toMatchObject({
      agent: "helper",
      userQuery: "Hi",
      messages: [{ role: "user", content: "Hi" }],
      temperature: 0.5,
      maxTokens: 7,
      notes: ["first"],
      stepCount: 2,
      params: { temperature: 0.5, maxTokens: 7 },
    });
  });

  test("has a typed state, made anew for every request", async () => {
    const graph = new Graph({ state: () => ({ count: 0 }) })
      .addNode("count", (ctx) => void ctx.state.count++)
      .addNode("say", (ctx) => void (ctx.response = ctx.state.count.toFixed(0)))
      .addConditionalEdge("count", (ctx) => (ctx.state.count < 3 ? "count" : "say"), ["count", "say"])
      .addEdge("say", END);

    expect(await textsOf(graph)).toEqual(["3"]);
    expect(await textsOf(graph)).toEqual(["3"]);
  });

  test("is shared with graphs in it, whose state is added", async () => {
    const inner = new Graph({ state: () => ({ mine: 1, both: "inner" }) })
      .addNode("say", (ctx) => void (ctx.response = JSON.stringify(ctx.state)))
      .addEdge("say", END);
    const graph = new Graph({ state: () => ({ both: "outer" }) }).addNode("in", inner).addEdge("in", END);

    expect(await textsOf(graph)).toEqual(['{"mine":1,"both":"outer"}']);
  });

  test("takes a usage", async () => {
    const { usage } = await answerOf(
      chain((ctx) => void (ctx.usage = { promptTokens: 5, completionTokens: 6 })),
    );

    expect(usage).toEqual({ promptTokens: 5, completionTokens: 6 });
  });

  test("is nobody else's: 100 requests at once do not mix", async () => {
    const graph = chain(
      async (ctx) => {
        ctx["topic"] = ctx.userQuery;
        await Promise.resolve();
      },
      async function* (ctx) {
        yield "About ";
        await Promise.resolve();
        yield String(ctx["topic"]);
      },
    );
    const prompts = Array.from({ length: 100 }, (_, index) => `topic ${index}`);

    const texts = await Promise.all(
      prompts.map(
        async (text) => (await answerOf(graph, { request: { prompt: { kind: "text", text } } })).text,
      ),
    );

    expect(texts).toEqual(prompts.map((text) => `About ${text}`));
  });
});

const loop = (maxSteps?: number) =>
  new Graph({ name: "loop", ...(maxSteps !== undefined && { maxSteps }) })
    .addNode("think", () => {})
    .addNode("act", () => {})
    .addEdge("think", "act")
    .addConditionalEdge("act", (ctx) => (ctx.userQuery === "Hi" ? "think" : END), ["think", END]);

describe("the way", () => {
  test("is counted in the metadata, with the steps of graphs in it", async () => {
    const inner = chain(
      () => {},
      () => {},
    );

    const { metadata } = await answerOf(
      chain(
        () => {},
        inner,
        () => {},
      ),
    );

    expect(metadata).toMatchObject({ iterations: 4, agents_used: [] });
  });

  test("is counted whatever a node says of it", async () => {
    const { metadata } = await answerOf(
      chain(function* () {
        yield { type: "metadata", fields: { iterations: 99, draft: 1 } };
      }),
    );

    expect(metadata).toMatchObject({ iterations: 1, draft: 1 });
  });

  for (const [maxSteps, limit, node] of [
    [undefined, 100, "think"],
    [3, 3, "act"],
  ] as const) {
    test(`ends after ${limit} steps with an error that says where`, async () => {
      const { batches } = runBed(loop(maxSteps));

      const { failure } = await run(batches);

      expect(failure).toMatchObject({
        kind: "internal",
        code: "agent_step_limit",
        shouldRetry: false,
        message: `The graph 'loop' took ${limit} steps, which is the most it may, and was to go on with '${node}'.`,
      });
    });
  }

  test("goes where the choice says, also a late one and under other names", async () => {
    const graph = new Graph()
      .addNode("ask", () => {})
      .addNode("yes", (ctx) => void (ctx.response = "Yes"))
      .addNode("no", (ctx) => void (ctx.response = "No"))
      .addConditionalEdge("ask", async (ctx) => (ctx.userQuery === "Hi" ? "good" : "bad"), {
        good: "yes",
        bad: "no",
      })
      .addEdge("yes", END)
      .addEdge("no", END);

    expect(await textsOf(graph)).toEqual(["Yes"]);
  });

  test("to no node is a failure that names the choices", async () => {
    const graph = new Graph({ name: "g" })
      .addNode("a", () => {})
      .addConditionalEdge("a", () => "b", ["a", END]);

    const { failure } = await run(runBed(graph).batches);

    expect(failure).toMatchObject({ code: "agent_failed" });
    expect(describeCause(ServeError.from(failure).cause)).toEndWith(
      "The edge from 'a' of the graph 'g' chose 'b'. It may choose: a, END.",
    );
  });

  test("ends where the request does", async () => {
    const gone = new ServeError("canceled", "The client left.");
    const controller = new AbortController();
    let steps = 0;
    const graph = new Graph({ maxSteps: 1_000_000 })
      .addNode("a", async () => {
        if (++steps === 3) controller.abort(gone);
      })
      .addConditionalEdge("a", () => "a");

    expect(await failureOf(answerOf(graph, { signal: controller.signal }))).toBe(gone);
    expect(steps).toBe(3);
  });

  test("ends a streaming node when the reader leaves", async () => {
    const ended = Promise.withResolvers<string>();
    const { batches } = runBed(
      chain(async function* () {
        try {
          for (;;) yield "more";
        } finally {
          ended.resolve("ended");
        }
      }),
    );
    await batches.next();

    await batches.return(undefined);

    expect(await ended.promise).toBe("ended");
  });
});

test("a piece that is none is a failure that says so", async () => {
  const { failure } = await run(
    runBed(
      chain(async function* () {
        yield 5;
      }),
    ).batches,
  );

  expect(describeCause(ServeError.from(failure).cause)).toContain(
    "has to be a text, an event or an array of them, not 5",
  );
});
