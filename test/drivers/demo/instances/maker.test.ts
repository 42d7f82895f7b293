import { expect, test } from "bun:test";
import { ServeError } from "../../../../src/core/error.ts";
import { createInstanceMaker } from "../../../../src/drivers/demo/instances/maker.ts";
import type { InstanceThread } from "../../../../src/drivers/demo/instances/thread.ts";

const { signal } = new AbortController();

test("one schema is made once for all who ask for it, also later", async () => {
  const thread = heldThread();
  const maker = createInstanceMaker(thread);
  const schema = { type: "object" };

  const asked = Array.from({ length: 64 }, () => maker.make(schema, signal));
  thread.answer("{}");

  expect(await Promise.all(asked)).toEqual(Array.from({ length: 64 }, () => "{}"));
  expect(await maker.make(schema, signal)).toBe("{}");
  expect(thread.schemas).toHaveLength(1);
});

test("schemas are made one after the other", async () => {
  const thread = heldThread();
  const maker = createInstanceMaker(thread);

  const first = maker.make({ title: "first" }, signal);
  const second = maker.make({ title: "second" }, signal);
  thread.answer("1");
  expect(await first).toBe("1");
  thread.answer("2");

  expect(await second).toBe("2");
  expect(thread.schemas).toEqual(['{"title":"first"}', '{"title":"second"}']);
});

test("more than 64 waiting schemas are refused, with a hint to come back", async () => {
  const thread = heldThread();
  const maker = createInstanceMaker(thread);
  const accepted = Array.from({ length: 65 }, () => maker.make({}, signal));

  const refused = maker.make({}, signal);

  expect(await reasonOf(refused)).toMatchObject({
    kind: "unavailable",
    code: "server_is_overloaded",
    retryAfterSeconds: 1,
  });
  for (const made of accepted) {
    thread.answer("{}");
    expect(await made).toBe("{}");
  }
});

test("who leaves is told at once, and what nobody waits for is not made", async () => {
  const thread = heldThread();
  const maker = createInstanceMaker(thread);
  const controller = new AbortController();
  const running = maker.make({ title: "running" }, signal);
  const abandoned = maker.make({ title: "abandoned" }, controller.signal);
  const waiting = maker.make({ title: "waiting" }, signal);

  controller.abort(new Error("the client left"));

  expect(await reasonOf(abandoned)).toEqual(new Error("the client left"));
  thread.answer("1");
  expect(await running).toBe("1");
  thread.answer("2");
  expect(await waiting).toBe("2");
  expect(thread.schemas).toEqual(['{"title":"running"}', '{"title":"waiting"}']);
});

test("a failure of the thread is the asker's, and the same schema is tried again", async () => {
  const thread = heldThread();
  const maker = createInstanceMaker(thread);
  const schema = {};
  const failing = maker.make(schema, signal);
  thread.fail(new ServeError("internal", "It broke."));
  expect(await reasonOf(failing)).toMatchObject({ kind: "internal" });

  const again = maker.make(schema, signal);
  thread.answer("{}");

  expect(await again).toBe("{}");
});

const large: readonly (readonly [name: string, schema: Record<string, unknown>])[] = [
  ["values", { enum: Array.from({ length: 5_001 }, (_, index) => index) }],
  ["characters", { const: "a".repeat(200_001) }],
  ["characters in names", { properties: { ["a".repeat(200_001)]: true } }],
];
for (const [name, schema] of large) {
  test(`a schema of too many ${name} has no instance and does not get to the thread`, async () => {
    const thread = heldThread();

    expect(await createInstanceMaker(thread).make(schema, signal)).toBeUndefined();
    expect(thread.schemas).toEqual([]);
  });
}

test("after closing nothing waits and nothing more is taken", async () => {
  const thread = heldThread();
  const maker = createInstanceMaker(thread);
  const running = maker.make({}, signal);
  const waiting = maker.make({}, signal);

  maker.close();

  expect(await reasonOf(waiting)).toMatchObject({ kind: "unavailable" });
  expect(await reasonOf(maker.make({}, signal))).toMatchObject({ kind: "unavailable" });
  expect(thread.isStopped).toBe(true);
  thread.answer("{}");
  expect(await running).toBe("{}");
  expect(thread.schemas).toHaveLength(1);
});

/** A thread that answers when it is told to. */
function heldThread() {
  const asked: PromiseWithResolvers<string | undefined>[] = [];
  const schemas: string[] = [];
  const thread = {
    schemas,
    isStopped: false,
    run(schema) {
      schemas.push(schema);
      const result = Promise.withResolvers<string | undefined>();
      asked.push(result);
      return result.promise;
    },
    stop() {
      thread.isStopped = true;
    },
    answer: (text: string) => asked.shift()?.resolve(text),
    fail: (error: Error) => asked.shift()?.reject(error),
  } satisfies InstanceThread & Record<string, unknown>;
  return thread;
}

async function reasonOf(failing: Promise<unknown>): Promise<unknown> {
  return failing.then(
    () => undefined,
    (reason: unknown) => reason,
  );
}
