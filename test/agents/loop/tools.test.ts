import { describe, expect, test } from "bun:test";
import { Type } from "@sinclair/typebox";
import { tool } from "../../../src/agents/kit/define-tool.ts";
import type { ToolContext } from "../../../src/agents/kit/tool.ts";
import { ServeError } from "../../../src/core/error.ts";
import { type BedOptions, calls, loopBed, says, shown } from "../../support/agents/loop-bed.ts";
import { rejection } from "../../support/rejection.ts";

const search = tool({
  name: "search",
  parameters: Type.Object({
    query: Type.String(),
    pages: Type.Optional(Type.Array(Type.Object({ number: Type.Integer() }))),
  }),
  execute: ({ query }) => `found ${query}`,
});

/** What the model is told of one call. */
async function resultOf(
  executed: typeof search,
  args: unknown = { query: "x" },
  options: BedOptions = {},
): Promise<string | undefined> {
  const { generate, model } = loopBed([calls([executed.name, args]), says("ok")], options);
  await generate({ tools: [executed] }).text();
  return shown(model.seen[1])
    .at(-1)
    ?.replace(/^tool result: /, "");
}

const fails = (thrown: unknown) =>
  tool({
    name: "fails",
    execute: () => {
      throw thrown;
    },
  });

/** A tool that never ends, and when its signal aborts. */
const hangs = (timeoutMs?: number) => {
  const aborted = Promise.withResolvers<void>();
  const waits = tool({
    name: "waits",
    ...(timeoutMs !== undefined && { timeoutMs }),
    execute: async (_args: Record<string, unknown>, { signal }: ToolContext) => {
      signal.addEventListener("abort", () => aborted.resolve());
      return await Promise.withResolvers<string>().promise;
    },
  });
  return { waits, aborted: aborted.promise };
};

/** The most that ran at once, and results in an order other than that of the calls. */
const crowd = () => {
  const seen = { now: 0, most: 0 };
  const counts = tool({
    name: "counts",
    // Without a schema, so that all of them can start in one turn of the event loop.
    execute: async ({ turns }: Record<string, unknown>) => {
      seen.most = Math.max(seen.most, ++seen.now);
      for (let turn = 0; turn < Number(turns); turn++) await new Promise((resolve) => setImmediate(resolve));
      seen.now--;
      return `after ${String(turns)}`;
    },
  });
  return { seen, counts };
};

describe("arguments that are not right are told to the model, with the place", () => {
  for (const [args, said] of [
    ["{", "Error: The arguments of search are not valid JSON."],
    [{}, "Error: The arguments of search are not valid: they must have required property 'query'."],
    [{ query: 1 }, "Error: The arguments of search are not valid: 'query' must be string."],
    [
      { query: "x", pages: [{ number: "a" }] },
      "Error: The arguments of search are not valid: 'pages[0].number' must be integer.",
    ],
    ["[]", "Error: The arguments of search are not valid: they must be object."],
    ["null", "Error: The arguments of search are not valid: they must be object."],
  ] as const) {
    test(JSON.stringify(args), async () => {
      expect(await resultOf(search, args)).toBe(said);
    });
  }

  test("that are no JSON stand in the history as JSON, which model servers read", async () => {
    const { generate, model } = loopBed([calls(["search", '{"query'], ["search", ""]), says("ok")]);

    await generate({ tools: [search] }).text();

    expect(shown(model.seen[1])[1]).toBe("assistant:  search({}) search({})");
  });

  test("none at all are an empty object", async () => {
    const now = tool({ name: "now", parameters: Type.Object({}), execute: () => "noon" });

    expect(await resultOf(now, "")).toBe("noon");
  });
});

describe("a result", () => {
  for (const [what, value, said] of [
    ["text is as it is", "plain", "plain"],
    ["an object is JSON", { a: [1, null] }, '{"a":[1,null]}'],
    ["null is JSON", null, "null"],
    ["nothing is a word", undefined, "Done."],
  ] as const) {
    test(what, async () => {
      expect(await resultOf(tool({ name: "gives", execute: () => value }))).toBe(said);
    });
  }

  test("that is no JSON is an error", async () => {
    const circle: Record<string, unknown> = {};
    circle["self"] = circle;

    expect(await resultOf(tool({ name: "gives", execute: () => circle }))).toStartWith("Error: ");
    expect(await resultOf(tool({ name: "gives", execute: () => Symbol("s") }))).toBe(
      "Error: The tool gave a result that is no JSON.",
    );
  });

  test("that is too long is cut and says so, never in the middle of a character", async () => {
    const long = tool({ name: "gives", execute: () => "😀".repeat(10) });

    expect(await resultOf(long, {}, { limits: { maxToolResultChars: 5 } })).toBe(
      `${"😀".repeat(3)}\n[The first 6 of 20 characters; the rest was cut.]`,
    );
  });
});

describe("a tool that fails", () => {
  for (const [what, thrown, said] of [
    [
      "an error is told by its message, without the cause",
      new Error("no such row", { cause: "secret" }),
      "Error: no such row",
    ],
    [
      "an error of ours likewise",
      new ServeError("upstream", "It is down.", { cause: "secret" }),
      "Error: It is down.",
    ],
    ["a text is told", "plain", "Error: plain"],
    ["anything else is not told", { secret: 1 }, "Error: The tool failed."],
    ["a long message is cut", new Error("x".repeat(5_000)), `Error: ${"x".repeat(2_000)}`],
  ] as const) {
    test(what, async () => {
      expect(await resultOf(fails(thrown), {})).toBe(said);
    });
  }

  test("does not keep the others of its turn from their results", async () => {
    const { generate, model } = loopBed([
      calls(["fails", {}], ["search", { query: "x" }], ["unknown", {}]),
      says("ok"),
    ]);

    await generate({ tools: [fails(new Error("no")), search] }).text();

    expect(shown(model.seen[1]).slice(-3)).toEqual([
      "tool result: Error: no",
      "tool result: found x",
      "tool result: Error: There is no tool of that name. There are: fails, search.",
    ]);
  });
});

describe("a deadline", () => {
  test("of a tool's own ends it, also one that ignores its signal", async () => {
    const { waits, aborted } = hangs(20);

    expect(await resultOf(waits, {})).toBe("Error: waits timed out after 0.02 s.");
    await aborted;
  });

  test("is the operator's where the tool has none", async () => {
    const { waits, aborted } = hangs();

    expect(await resultOf(waits, {}, { limits: { toolTimeoutMs: 30 } })).toBe(
      "Error: waits timed out after 0.03 s.",
    );
    await aborted;
  });

  test("is not waited for when the client leaves: the tool is told and the generation is over", async () => {
    const { waits, aborted } = hangs();
    const controller = new AbortController();
    const started = Promise.withResolvers<void>();
    const starts = tool({ name: "starts", execute: () => started.resolve() });
    const { generate } = loopBed([calls(["waits", {}], ["starts", {}])], {
      context: { signal: controller.signal },
    });
    const failure = rejection(generate({ tools: [waits, starts] }).text());
    await started.promise;

    controller.abort(new ServeError("canceled", "The client left."));

    expect(await failure).toMatchObject({ message: "The client left." });
    await aborted;
  });
});

describe("calls of one turn", () => {
  const called = calls(...[5, 4, 3, 2, 1].map((turns) => ["counts", { turns }] as const));

  for (const [what, parallelToolCalls, maxParallelTools, most] of [
    ["run at once", true, 8, 5],
    ["run at once as far as allowed", true, 2, 2],
    ["run one after the other if asked to", false, 8, 1],
  ] as const) {
    test(`${what}, their results in the order of the calls`, async () => {
      const { seen, counts } = crowd();
      const { generate, model } = loopBed([called, says("ok")], { limits: { maxParallelTools } });

      await generate({ tools: [counts], parallelToolCalls }).text();

      expect(seen.most).toBe(most);
      expect(shown(model.seen[1]).slice(-5)).toEqual(
        [5, 4, 3, 2, 1].map((turns) => `tool result: after ${turns}`),
      );
      expect(model.seen[0]?.parallelToolCalls).toBe(parallelToolCalls);
    });
  }
});

test("a tool is told for whom it runs", async () => {
  const contexts: ToolContext[] = [];
  const asks = tool({
    name: "asks",
    execute: (_args: Record<string, unknown>, context: ToolContext) => void contexts.push(context),
  });

  await resultOf(asks, {}, { request: { conversationId: "conv_1" } });

  expect(contexts).toMatchObject([{ agent: "helper", callId: "call_0_0", conversation: { id: "conv_1" } }]);
});
