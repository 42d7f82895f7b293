import { afterEach, expect, test } from "bun:test";
import { startWorker } from "../../../../src/core/start-worker.ts";
import { createInstanceThread, type InstanceThread } from "../../../../src/drivers/demo/instances/thread.ts";

const limits = { startMs: 10_000, runMs: 10_000 };
const threads: InstanceThread[] = [];
afterEach(() => threads.splice(0).forEach((thread) => thread.stop()));

test("a schema gets the JSON text of an instance, or undefined when there is none", async () => {
  const thread = createThread([startMaking], limits);

  expect(await thread.run('{"properties":{"city":{"type":"string"}}}')).toBe('{"city":"Paris"}');
  expect(await thread.run("false")).toBeUndefined();
});

test("an instance of more than 65,536 characters is none", async () => {
  const thread = createThread([startMaking], limits);

  expect(await thread.run(JSON.stringify({ const: { text: "é".repeat(19_000) } }))).toBeString();
  const twice = { properties: { a: { const: "a".repeat(19_000) } } };
  const four = {
    properties: Object.fromEntries(["a", "b", "c", "d"].map((name) => [name, { $ref: "#/$defs/x" }])),
  };
  expect(await thread.run(JSON.stringify(twice))).toBeString();
  expect(
    await thread.run(JSON.stringify({ ...four, $defs: { x: { const: "a".repeat(19_000) } } })),
  ).toBeUndefined();
});

test("a schema that takes too long has no instance, and the next one gets another thread", async () => {
  const endless = workerOf('postMessage("loaded"); onmessage = () => { for (;;) {} };');
  const thread = createThread([endless, startMaking], { startMs: 10_000, runMs: 2_000 });

  expect(await thread.run("{}")).toBeUndefined();
  expect(await thread.run('{"const":1}')).toBe("1");
});

const broken: readonly (readonly [name: string, source: string, startMs: number])[] = [
  ["throws", 'postMessage("loaded"); onmessage = () => { throw new Error("broken"); };', 10_000],
  ["ends", 'postMessage("loaded"); onmessage = () => process.exit(1);', 10_000],
  ["cannot load", 'throw new Error("broken");', 10_000],
  ["never loads", "onmessage = () => {};", 50],
];
for (const [name, source, startMs] of broken) {
  test(`a thread that ${name} is an internal failure`, async () => {
    const thread = createThread([workerOf(source)], { startMs, runMs: 10_000 });

    const failure = await thread.run("{}").then(
      () => undefined,
      (reason: unknown) => reason,
    );

    expect(failure).toMatchObject({ kind: "internal", cause: expect.any(Error) });
  });
}

test("a thread is replaced after a hundred schemas", async () => {
  const counting = workerOf(
    'let runs = 0; postMessage("loaded"); onmessage = () => postMessage({ text: String(++runs) });',
  );
  const thread = createThread([counting, counting], limits);

  const texts: unknown[] = [];
  for (let run = 0; run < 101; run++) texts.push(await thread.run("{}"));

  expect(texts.slice(-2)).toEqual(["100", "1"]);
});

test("a broken thread is replaced", async () => {
  const breaking = workerOf('postMessage("loaded"); onmessage = () => process.exit(1);');
  const thread = createThread([breaking, startMaking], limits);

  await thread.run("{}").catch(() => {});

  expect(await thread.run('{"const":1}')).toBe("1");
});

const startMaking = () => startWorker("drivers/demo/instances/worker.ts");

function workerOf(source: string): () => Worker {
  return () => new Worker(URL.createObjectURL(new Blob([source])), { smol: true });
}

/** Uses `starts` one after the other, the last one again and again. */
function createThread(
  starts: readonly [...(() => Worker)[], () => Worker],
  threadLimits: typeof limits,
): InstanceThread {
  let started = 0;
  const thread = createInstanceThread(() => (starts[started++] ?? startMaking)(), threadLimits);
  threads.push(thread);
  return thread;
}
