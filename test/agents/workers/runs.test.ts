import { describe, expect, test } from "bun:test";
import { ServeError } from "../../../src/core/error.ts";
import { memoryLog } from "../../support/calls.ts";
import { failureOf } from "../../support/failure.ts";
import { createContext } from "../load/context.ts";
import { createModel, piecesOf, startBed, textOf } from "./bed.ts";

const turn = "await new Promise((resolve) => setImmediate(resolve));";

describe("an answer", () => {
  for (const [what, run, expected] of [
    ["a text", "() => 'hello'", ["hello"]],
    [
      "a stream",
      "async function* () { yield 'a'; yield ['b', { type: 'step', text: 's' }]; }",
      ["a", "b", { type: "step", text: "s" }],
    ],
    ["an object", "async () => ({ a: 1 })", ['{"a":1}']],
    [
      "a reply",
      "() => reply({ text: 'x', metadata: { m: 1 } })",
      [
        { type: "text", text: "x" },
        { type: "metadata", fields: { m: 1 } },
      ],
    ],
    ["nothing", "() => {}", [""]],
  ] as const) {
    test(`may be ${what}`, async () => {
      await using bed = await startBed({ it: run });

      expect(await piecesOf(bed.ask("it"))).toEqual([...expected]);
    });
  }

  test("comes while it is made", async () => {
    await using bed = await startBed({
      it: "async function* () { yield 'a'; await new Promise(() => {}); }",
    });

    const iterator = (await bed.ask("it"))[Symbol.asyncIterator]();

    expect(await iterator.next()).toMatchObject({ value: ["a"] });
  });

  test("of 100,000 pieces arrives whole and in order", async () => {
    await using bed = await startBed({
      it: "async function* () { for (let i = 0; i < 100_000; i++) yield `${i},`; }",
    });

    const text = await textOf(bed.ask("it"));

    expect(text).toBe(Array.from({ length: 100_000 }, (_, index) => `${index},`).join(""));
  });

  test("waits for its reader", async () => {
    await using bed = await startBed({
      it: "async function* () { for (let i = 0; i < 1_000_000; i++) { globalThis.made = i; yield 'x'; } }",
      made: "() => String(globalThis.made)",
    });

    const iterator = (await bed.ask("it"))[Symbol.asyncIterator]();
    await iterator.next();
    const made = await textOf(bed.ask("made"));

    expect(Number(made)).toBeLessThan(20_000);
  });

  test("of one run is not mixed with that of 99 others", async () => {
    const it = `async function* ({ userQuery }) {
      let said = "";
      for (const letter of userQuery) { said += letter; ${turn} yield letter; }
      yield "=" + said;
    }`;
    await using bed = await startBed({ it }, { count: 2 });
    const queries = Array.from({ length: 100 }, (_, index) => `query ${index}`);

    const texts = await Promise.all(queries.map((userQuery) => textOf(bed.ask("it", { userQuery }))));

    expect(texts).toEqual(queries.map((query) => `${query}=${query}`));
  });
});

describe("the context", () => {
  test("is the request's", async () => {
    await using bed = await startBed({
      it: "({ signal, log, generate, ...facts }) => facts",
    });
    const given = {
      agent: "it",
      userQuery: "Hi",
      messages: [{ role: "user" as const, content: "Hi" }],
      params: { temperature: 0.5, extra: { top_k: 3 } },
      tools: [{ kind: "function" as const, name: "look", parameters: { type: "object" } }],
      toolChoice: { mode: "named" as const, name: "look" },
      parallelToolCalls: false,
      responseFormat: { kind: "json" as const },
      conversation: { id: "conv_1" },
    };

    expect(JSON.parse(await textOf(bed.ask("it", given)))).toEqual(given);
  });

  test("logs to the request's log", async () => {
    await using bed = await startBed({ it: "({ log }) => { log.child({ a: 1 }).info('hello', { b: 2 }); }" });
    const log = memoryLog();

    await piecesOf(bed.ask("it", { log }));

    expect(log.lines).toEqual(["info hello"]);
    expect(log.fields).toEqual([{ b: 2 }]);
  });

  test("asks models for a text, for a result and for events", async () => {
    await using bed = await startBed({
      text: "({ generate }) => generate({ model: 'm', messages: 'q' }).text()",
      result: "async ({ generate }) => (await generate({}).result()).usage",
      events: "({ generate }) => generate({ model: 'n' })",
    });
    const { generate, asked } = createModel({ text: "answer", events: ["a", "b"] });

    const text = await textOf(bed.ask("text", { generate }));
    const result = await textOf(bed.ask("result", { generate }));
    const events = await piecesOf(bed.ask("events", { generate }));

    expect(text).toBe("answer");
    expect(result).toBe('{"promptTokens":1,"completionTokens":2}');
    expect(events).toEqual([
      { type: "text", text: "a" },
      { type: "text", text: "b" },
    ]);
    expect(asked).toEqual([{ model: "m", messages: "q" }, {}, { model: "n" }]);
  });

  test("runs tools where their code is", async () => {
    await using bed = await startBed({
      it: `({ generate }) => generate({ tools: ["calculator", tool({
        name: "double",
        description: "Twice as much",
        parameters: Type.Object({ n: Type.Number() }),
        execute: ({ n }, { callId }) => ({ twice: n * 2, callId, here: process.pid === ${process.pid} }),
      })] }).text()`,
    });
    const results: unknown[] = [];
    const { generate, asked } = createModel({
      async before({ tools = [] }) {
        const context = { ...createContext(), callId: "call_1" };
        for (const tool of tools)
          if (typeof tool !== "string") results.push(await tool.execute({ n: 4 }, context));
      },
    });

    await textOf(bed.ask("it", { generate }));

    expect(results).toEqual([{ twice: 8, callId: "call_1", here: false }]);
    expect(asked[0]?.tools).toMatchObject([
      "calculator",
      { name: "double", description: "Twice as much", parameters: { properties: { n: { type: "number" } } } },
    ]);
  });

  test("cancels tools whose time is over", async () => {
    await using bed = await startBed({
      it: `({ generate }) => generate({ tools: [tool({
        name: "slow",
        execute: (_, { signal }) => new Promise((resolve) => {
          globalThis.began?.();
          signal.addEventListener("abort", () => { globalThis.heard = "yes"; });
        }),
      })] }).text()`,
      heard: `async () => { while (globalThis.heard === undefined) ${turn} return globalThis.heard; }`,
    });
    const failures: unknown[] = [];
    const { generate } = createModel({
      async before({ tools = [] }) {
        const [slow] = tools;
        if (typeof slow !== "object") return;
        const signal = AbortSignal.timeout(20);
        failures.push(
          await failureOf(Promise.resolve(slow.execute({}, { ...createContext({ signal }), callId: "c" }))),
        );
      },
    });

    await textOf(bed.ask("it", { generate }));

    expect(failures).toMatchObject([{ name: "TimeoutError" }]);
    expect(await textOf(bed.ask("heard"))).toBe("yes");
  });
});

describe("a failure", () => {
  test("of the agent has its words and its place, after what it said", async () => {
    await using bed = await startBed({
      it: "async function* () { yield 'a'; throw new TypeError('boom'); }",
    });

    const iterator = (await bed.ask("it"))[Symbol.asyncIterator]();
    const first = await iterator.next();
    const failure = await failureOf(iterator.next());

    expect(first.value).toEqual(["a"]);
    expect(failure).toMatchObject({ name: "TypeError", message: "boom" });
    expect(failure).toHaveProperty("stack", expect.stringContaining(`${bed.folder.at("agents.ts")}:2:`));
  });

  for (const [what, thrown] of [
    ["nothing of which", "new Proxy({}, { getPrototypeOf() { throw 'no'; }, get() { throw 'no'; } })"],
    ["whose message", "new (class extends Error { get message() { throw 'no'; } })()"],
    ["whose name", "new (class extends Error { get name() { throw 'no'; } })()"],
    ["whose cause", "Object.defineProperty(new Error('x'), 'cause', { get() { throw 'no'; } })"],
    [
      "whose message, the second time,",
      "(() => { let left = 1; return new (class extends Error { get message() { if (left-- > 0) return 'x'; throw 'no'; } })(); })()",
    ],
  ] as const) {
    test(`of the agent ${what} cannot be read ends its run and no other`, async () => {
      await using bed = await startBed({
        it: `() => { throw ${thrown}; }`,
        other:
          "async function* () { yield 'a'; await new Promise((resolve) => setTimeout(resolve, 1)); yield 'b'; }",
      });

      const [failure, other] = await Promise.all([
        failureOf(piecesOf(bed.ask("it"))),
        textOf(bed.ask("other")),
      ]);

      expect(failure).toMatchObject({ message: "It threw what cannot be read." });
      expect(other).toBe("ab");
      expect(bed.log.lines).toEqual([]);
    });
  }

  const busy = new ServeError("rate_limited", "Too many.", { code: "too_many", retryAfterSeconds: 3 });
  for (const [how, run] of [
    ["whole", "({ generate }) => generate({}).text()"],
    ["as events", "({ generate }) => generate({})"],
  ] as const) {
    test(`of a model that is read ${how} passes through the agent as it is`, async () => {
      await using bed = await startBed({ it: run });
      const { generate } = createModel({ failure: busy });

      const failure = await failureOf(piecesOf(bed.ask("it", { generate })));

      expect(failure).toBeInstanceOf(ServeError);
      expect(failure).toMatchObject({
        kind: "rate_limited",
        message: "Too many.",
        code: "too_many",
        retryAfterSeconds: 3,
      });
    });
  }

  test("of a model can be caught by the agent", async () => {
    await using bed = await startBed({
      it: "async ({ generate }) => { try { await generate({}).text(); } catch (error) { return error.code; } }",
    });
    const { generate } = createModel({ failure: busy });

    expect(await textOf(bed.ask("it", { generate }))).toBe("too_many");
  });

  test("outside of a run is told and ends nothing", async () => {
    await using bed = await startBed({
      it: `async () => {
        void Promise.reject(new Error("floating"));
        setTimeout(() => { throw new Error("later"); });
        await new Promise((resolve) => setTimeout(resolve, 20));
        return "fine";
      }`,
    });

    const text = await textOf(bed.ask("it"));

    expect(text).toBe("fine");
    expect(new Set(bed.log.lines.map(({ fields }) => fields?.["cause"]))).toEqual(
      new Set(["Error: floating", "Error: later"]),
    );
  });
});

describe("a cancelled run", () => {
  test("ends at once for its reader, and tells the agent", async () => {
    await using bed = await startBed({
      it: `async function* ({ signal }) {
        const aborted = new Promise((resolve) => signal.addEventListener("abort", resolve));
        try { yield "a"; await aborted; } finally { globalThis.ended = "yes"; }
      }`,
      ended: `async () => { while (globalThis.ended === undefined) ${turn} return globalThis.ended; }`,
    });
    const controller = new AbortController();
    const iterator = (await bed.ask("it", { signal: controller.signal }))[Symbol.asyncIterator]();
    await iterator.next();

    controller.abort(new ServeError("canceled", "Gone."));
    const failure = await failureOf(iterator.next());

    expect(failure).toMatchObject({ kind: "canceled" });
    expect(await textOf(bed.ask("ended"))).toBe("yes");
  });

  test("that nobody reads any more ends too", async () => {
    await using bed = await startBed({
      it: `async function* () { try { for (;;) { yield "x"; ${turn} } } finally { globalThis.ended = "yes"; } }`,
      ended: `async () => { while (globalThis.ended === undefined) ${turn} return globalThis.ended; }`,
    });
    const iterator = (await bed.ask("it"))[Symbol.asyncIterator]();
    await iterator.next();

    await iterator.return?.();

    expect(await textOf(bed.ask("ended"))).toBe("yes");
  });

  test("ends what it asked of models", async () => {
    await using bed = await startBed({ it: "({ generate }) => generate({})" });
    const { promise: ended, resolve } = Promise.withResolvers<string>();
    const { generate } = createModel({});
    const endless = async function* () {
      try {
        for (;;) yield [{ type: "text" as const, text: "x" }];
      } finally {
        resolve("ended");
      }
    };
    const controller = new AbortController();
    const given = {
      signal: controller.signal,
      generate: () => ({ ...generate({}), [Symbol.asyncIterator]: endless }),
    };
    const iterator = (await bed.ask("it", given))[Symbol.asyncIterator]();
    await iterator.next();

    controller.abort(new ServeError("canceled", "Gone."));

    expect(await ended).toBe("ended");
  });
});
