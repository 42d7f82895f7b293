import { afterEach, describe, expect, test } from "bun:test";
import type { JsonSchema } from "../../src/core/generation.ts";
import { startWorker } from "../../src/core/start-worker.ts";
import {
  type CheckerLimits,
  createSchemaChecker,
  type SchemaChecker,
} from "../../src/json-schema/checker.ts";
import { memoryLog } from "../support/calls.ts";
import { failureOf } from "../support/failure.ts";

const limits: CheckerLimits = {
  startMs: 20_000,
  compileMs: 10_000,
  checkMs: 10_000,
  maxWaiting: 256,
  idleMs: 60_000,
  slowMs: 60_000,
};
const checkers: SchemaChecker[] = [];
afterEach(() => checkers.splice(0).forEach((checker) => checker.close()));

const city: JsonSchema = {
  type: "object",
  properties: { city: { type: "string", pattern: "^[A-Z]" } },
  required: ["city"],
  additionalProperties: false,
};
const { signal } = new AbortController();
const search = { search: true, signal };
const exact = { search: false, signal };

test("a text that is a value of the schema fits, and one that is not is told where and why", async () => {
  const { checker } = createChecker();

  expect(await checker.check(city, '{"city":"Paris"}', exact)).toEqual({ ok: true, start: 0, end: 16 });
  expect(await checker.check(city, 'So: {"city":"Paris"}', search)).toEqual({ ok: true, start: 4, end: 20 });
  expect(await checker.check(city, '{"city":"paris"}', exact)).toEqual({
    ok: false,
    path: "city",
    message: expect.stringContaining("must match pattern"),
  });
  expect(await checker.check(city, '{"city":"P","x":1}', exact)).toEqual({
    ok: false,
    path: "",
    message: 'must NOT have additional properties: "x"',
  });
});

test("no thread is started before the first check, and one is enough for all", async () => {
  const { checker, started } = createChecker();
  expect(started.count).toBe(0);

  await Promise.all([
    checker.prepare(city, "p", signal),
    checker.check({ ...city }, "{}", exact),
    checker.check({ type: "array" }, "[]", exact),
  ]);

  expect(started.count).toBe(1);
});

test("a schema is sent once, whatever object it comes in", async () => {
  const { checker, sent } = createChecker({ spy: true });

  for (const schema of [city, city, structuredClone(city)]) await checker.check(schema, "{}", exact);

  expect(sent.filter((text) => text === JSON.stringify(city))).toHaveLength(1);
});

const broken: [string, JsonSchema][] = [
  ["is malformed", { type: "nonsense" }],
  ["refers to another document", { $ref: "https://example.com/schema" }],
  ["has a pattern that cannot be run in linear time", { pattern: "(a)\\1" }],
  ["only refers to itself", { $ref: "#" }],
  ["is too large", { enum: Array.from({ length: 40_000 }, (_, index) => index) }],
];
for (const [what, schema] of broken) {
  test(`a schema that ${what} is the client's mistake`, async () => {
    const { checker } = createChecker();

    expect(await failureOf(checker.prepare(schema, "response_format", signal))).toMatchObject({
      status: 400,
      code: "invalid_value",
      param: "response_format",
    });
    expect(await failureOf(checker.check(schema, "{}", exact))).toMatchObject({ status: 400 });
  });
}

test("a value nested so deep that the stack ends does not fit, and the thread lives on", async () => {
  const { checker, started } = createChecker();
  const nested: JsonSchema = { anyOf: [{ type: "array", items: { $ref: "#" } }, { type: "null" }] };

  const deep = "[".repeat(5_000) + "]".repeat(5_000);
  await checker.check(nested, deep, exact);

  expect(await checker.check(nested, "[[null]]", exact)).toMatchObject({ ok: true });
  expect(started.count).toBe(1);
});

describe("a check that takes too long", () => {
  const levels = Array.from({ length: 40 }, (_, level) => [
    `l${level}`,
    { anyOf: [{ $ref: `#/$defs/l${level + 1}` }, { $ref: `#/$defs/l${level + 1}` }] },
  ]);
  /** Takes twice as long for each level. */
  const slow: JsonSchema = {
    type: "object",
    properties: { a: { $ref: "#/$defs/l0" } },
    $defs: { ...Object.fromEntries(levels), l40: { type: "string" } },
  };

  test("is an error after its time, and the next check gets another thread", async () => {
    const { checker, started, log } = createChecker({ limits: { checkMs: 1_000 } });
    await checker.prepare(slow, "p", signal);

    const failure = await failureOf(checker.check(slow, '{"a":1}', exact));

    expect(failure).toMatchObject({ status: 504, code: "schema_check_timeout" });
    expect(log.lines).toHaveLength(1);
    expect(await checker.check(city, "{}", exact)).toMatchObject({ ok: false });
    expect(started.count).toBe(2);
  });

  test("takes the others' compiled schemas with it, which does not show", async () => {
    const { checker } = createChecker({ limits: { checkMs: 1_000 } });
    await checker.prepare(city, "p", signal);
    await failureOf(checker.check(slow, '{"a":1}', exact));

    expect(await checker.check(city, '{"city":"Paris"}', exact)).toMatchObject({ ok: true });
  });

  test("sends the schema's next checks to another thread than those of the others", async () => {
    const { checker, started } = createChecker({ limits: { checkMs: 1_000 } });
    await failureOf(checker.check(slow, '{"a":1}', exact));
    await checker.check(city, "{}", exact);

    expect(await checker.check(slow, "{}", exact)).toMatchObject({ ok: true });
    expect(started.count).toBe(3);
  });
});

/** About 1,000 units and more: it is compiled apart from the others. */
function flatSchema(properties: number): JsonSchema {
  const names = Array.from({ length: properties }, (_, index) => `p${index}`);
  return { type: "object", properties: Object.fromEntries(names.map((name) => [name, { type: "string" }])) };
}

test("a schema that would take too long to compile is refused at once, with the path of what is too much", async () => {
  const { checker, started } = createChecker();

  const failure = await failureOf(checker.prepare(flatSchema(5_000), "tools[0].parameters", signal));

  expect(failure).toMatchObject({
    status: 400,
    code: "invalid_value",
    param: expect.stringMatching(/^tools\[0\]\.parameters\.properties\.p\d+/),
  });
  expect(started.count).toBe(0);
});

function silent(): Worker {
  return new Worker(URL.createObjectURL(new Blob(['postMessage("loaded"); onmessage = () => {};'])));
}

describe("a schema that is not compiled in time", () => {
  const large = flatSchema(800);

  test("is a timeout and no mistake, and is not tried again soon, whatever object it comes in", async () => {
    const { checker, started } = createChecker({ first: silent, limits: { compileMs: 50 } });
    const expected = { status: 504, code: "schema_compile_timeout", param: "p" };

    expect(await failureOf(checker.prepare(large, "p", signal))).toMatchObject(expected);
    expect(await failureOf(checker.prepare(structuredClone(large), "p", signal))).toMatchObject(expected);
    expect(started.count).toBe(1);
  });

  test("is tried again after a while", async () => {
    const { checker } = createChecker({ first: silent, limits: { compileMs: 1_000, slowMs: 0 } });

    expect(await failureOf(checker.prepare(large, "p", signal))).toMatchObject({ status: 504 });
    expect(await checker.check(large, "{}", exact)).toMatchObject({ ok: true });
  });

  test("does not hold up small ones, which stay compiled", async () => {
    const { checker, sent } = createChecker({ first: silent, spy: true });
    const left = new AbortController();
    const waiting = failureOf(checker.prepare(large, "p", left.signal));

    expect(await checker.check(city, "{}", exact)).toMatchObject({ ok: false });
    expect(await checker.check(city, "{}", exact)).toMatchObject({ ok: false });
    left.abort(new Error("gone"));
    await waiting;

    expect(sent.filter((text) => text === JSON.stringify(city))).toHaveLength(1);
  });
});

test("a schema that cannot be compiled is tried once", async () => {
  const { checker, sent } = createChecker({ spy: true });
  const bad: JsonSchema = { type: "nonsense" };

  for (const schema of [bad, structuredClone(bad)]) {
    expect(await failureOf(checker.prepare(schema, "p", signal))).toMatchObject({ status: 400 });
  }

  expect(sent.filter((text) => text === JSON.stringify(bad))).toHaveLength(1);
});

test("more checks than may wait are refused", async () => {
  const { checker } = createChecker({ limits: { maxWaiting: 1 } });
  const first = checker.check(city, "{}", exact);

  expect(await failureOf(checker.check(city, "{}", exact))).toMatchObject({
    status: 503,
    code: "server_is_overloaded",
  });
  expect(await first).toMatchObject({ ok: false });
});

test("who leaves is not waited for", async () => {
  const { checker } = createChecker();
  const controller = new AbortController();
  const reason = new Error("gone");
  const first = checker.check(city, "{}", exact);
  const left = checker.check(city, "{}", { search: false, signal: controller.signal });

  controller.abort(reason);

  expect(await failureOf(left)).toBe(reason);
  expect(await first).toMatchObject({ ok: false });
});

function breaking(): Worker {
  const source = 'postMessage("loaded"); onmessage = () => { throw new Error("broken"); };';
  return new Worker(URL.createObjectURL(new Blob([source])));
}

test("a thread that breaks is an internal failure, and is replaced", async () => {
  const { checker } = createChecker({ first: breaking });

  expect(await failureOf(checker.check(city, "{}", exact))).toMatchObject({ kind: "internal" });
  expect(await checker.check(city, '{"city":"P"}', exact)).toMatchObject({ ok: true });
});

test("without work the thread ends", async () => {
  const { checker, closed } = createChecker({ limits: { idleMs: 1 } });

  await checker.check(city, "{}", exact);

  await closed;
  expect(await checker.check(city, "{}", exact)).toMatchObject({ ok: false });
});

interface CheckerOptions {
  limits?: Partial<CheckerLimits>;
  first?: () => Worker;
  spy?: boolean;
}

function createChecker(options: CheckerOptions = {}) {
  const started = { count: 0 };
  const sent: unknown[] = [];
  const closed = Promise.withResolvers<void>();
  const log = memoryLog();
  const start = () => {
    const first = started.count++ === 0 ? options.first : undefined;
    const worker = (first ?? (() => startWorker("json-schema/worker.ts")))();
    worker.addEventListener("close", () => closed.resolve());
    if (options.spy === true) spyOnMessages(worker, sent);
    return worker;
  };
  const checker = createSchemaChecker(log, start, { ...limits, ...options.limits });
  checkers.push(checker);
  return { checker, started, sent, log, closed: closed.promise };
}

function spyOnMessages(worker: Worker, sent: unknown[]): void {
  const post = worker.postMessage.bind(worker);
  worker.postMessage = (message: unknown) => {
    sent.push(...(Array.isArray(message) ? message : []));
    post(message, []);
  };
}
