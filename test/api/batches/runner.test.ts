import { describe, expect, test } from "bun:test";
import { createStore } from "../../../src/store/create-store.ts";
import { chatLine } from "../../support/batch-client.ts";
import { memoryLog } from "../../support/calls.ts";
import { silence } from "../../support/scripted.ts";
import { until } from "../../support/sources.ts";
import { type Fate, unsteadyRecords } from "../../support/unsteady-records.ts";
import { send } from "../../support/wire.ts";
import { echo, told } from "./echo.ts";
import { type Batching, fastTimes, startBatching } from "./support.ts";

const names = (count: number) => Array.from({ length: count }, (_, index) => `n${index}`);
const linesOf = (count: number) => names(count).map((name) => chatLine(name));
const newRecords = () => createStore("memory:", memoryLog()).records;

/** That a batch is complete, and each of its lines has one result. */
async function expectWhole(batching: Batching, id: string, count: number): Promise<void> {
  const ended = await batching.ended(id);
  const written = (await batching.lines(ended.output_file_id)).map(({ custom_id }) => custom_id ?? "");
  expect(ended).toMatchObject({
    status: "completed",
    request_counts: { total: count, completed: count, failed: 0 },
    usage: { input_tokens: 3 * count },
  });
  expect(written.toSorted()).toEqual(names(count).toSorted());
}

describe("a server that stops", () => {
  test("lets lines end that run, begins no other, and the next one asks only those", async () => {
    const gates = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    const backend = echo((text) =>
      text === "n0" ? [gates[0]?.promise ?? []] : text === "n1" ? [gates[1]?.promise ?? []] : [],
    );
    const records = newRecords();
    await using first = startBatching([backend], { records, concurrency: 2 });
    const { id } = await first.submit(linesOf(20));
    await until(() => backend.calls.length === 2);

    const drained = first.runner.drain();
    for (const gate of gates) gate.resolve();
    await drained;
    const left = await first.get(id);
    await using second = startBatching([backend], { records });
    await expectWhole(second, id, 20);

    expect(left).toMatchObject({ status: "in_progress", request_counts: { total: 20, completed: 2 } });
    expect(told(backend).toSorted()).toEqual(names(20).toSorted());
  });

  test("leaves lines to the next one that it had to break off", async () => {
    const records = newRecords();
    let isFirst = true;
    const backend = echo(() => (isFirst ? [silence] : []));
    {
      await using first = startBatching([backend], { records });
      await first.submit(linesOf(5));
      await until(() => backend.calls.length === 4);
    }
    isFirst = false;

    await using second = startBatching([backend], { records });

    const { data } = (await send<{ data: { id: string }[] }>(`${second.url}/batches`)).json;
    await expectWhole(second, data[0]?.id ?? "", 5);
  });
});

describe("a store with a bad connection", () => {
  for (const fate of ["refused", "unheard"] as const) {
    test(`costs no result and doubles none: writes that are ${fate}`, async () => {
      const fates: Fate[] = [];
      const gate = Promise.withResolvers<void>();
      const backend = echo(() => [gate.promise]);
      const records = unsteadyRecords(newRecords(), () => fates.shift());
      await using batching = startBatching([backend], { records, times: { ...fastTimes, leaseMs: 20_000 } });
      const { id } = await batching.submit(linesOf(40));
      await until(() => backend.calls.length > 0);

      for (let writes = 0; writes < 5; writes++) fates.push(fate, undefined);
      gate.resolve();

      await expectWhole(batching, id, 40);
      expect(fates.length).toBeLessThan(10);
    });
  }
});

describe("servers that share a store", () => {
  test("ask each line once, whoever runs its batch", async () => {
    const records = newRecords();
    const backend = echo();
    await using first = startBatching([backend], { records });
    await using second = startBatching([backend], { records });
    await using third = startBatching([backend], { records });
    const made = [];
    for (const batching of [first, second, third, first]) made.push(await batching.submit(linesOf(25)));

    for (const { id } of made) await expectWhole(second, id, 25);

    expect(told(backend)).toHaveLength(100);
  });

  test("take over what one cannot run any more, which writes nothing from then on", async () => {
    const steady = newRecords();
    let isCut = false;
    const stuck = echo((text) => (text === "n3" || text === "n7" ? [silence] : []));
    await using first = startBatching([stuck], {
      records: unsteadyRecords(steady, () => (isCut ? "refused" : undefined)),
      concurrency: 2,
    });
    const { id } = await first.submit(linesOf(10));
    await until(async () => (await first.get(id)).request_counts.completed > 2);
    isCut = true;

    const other = echo();
    await using second = startBatching([other], { records: steady });
    await expectWhole(second, id, 10);

    await Promise.all(stuck.calls.map(({ ended }) => ended));
    expect(told(other).length).toBeLessThan(10);
    expect(told(other)).toContain("n3");
  });

  test("can each cancel what another runs", async () => {
    const records = newRecords();
    const backend = echo(() => [silence]);
    await using first = startBatching([backend], { records });
    const { id } = await first.submit(linesOf(10));
    await until(() => backend.calls.length === 4);
    await using second = startBatching([echo()], { records });

    await send(`${second.url}/batches/${id}/cancel`, { method: "POST" });

    expect((await second.ended(id)).status).toBe("cancelled");
    await Promise.all(backend.calls.map(({ ended }) => ended));
  });

  test("end what was cancelled while nobody was there to do it", async () => {
    const steady = newRecords();
    let isCut = false;
    const backend = echo(() => [silence]);
    await using first = startBatching([backend], {
      records: unsteadyRecords(steady, () => (isCut ? "refused" : undefined)),
    });
    const { id } = await first.submit(linesOf(10));
    await until(() => backend.calls.length === 4);
    isCut = true;
    await using second = startBatching([echo()], { records: steady });

    const { json } = await send<{ status: string }>(`${second.url}/batches/${id}/cancel`, { method: "POST" });

    expect(json.status).toBe("cancelling");
    expect((await second.ended(id)).status).toBe("cancelled");
  });
});

describe("a batch whose time is over", () => {
  test("has expired, and so has each line without an answer", async () => {
    let later = 0;
    const backend = echo((text) => (text === "n0" ? [] : [silence]));
    await using batching = startBatching([backend], { concurrency: 2, now: () => Date.now() + later });
    const { id } = await batching.submit([chatLine("n0"), "{", ...linesOf(600).slice(1)]);
    await until(async () => (await batching.get(id)).request_counts.completed === 1);

    later = 86_400_000;
    const ended = await batching.ended(id);

    expect(ended).toMatchObject({
      status: "expired",
      expired_at: expect.any(Number),
      request_counts: { total: 601, completed: 1, failed: 600 },
    });
    const errors = await batching.lines(ended.error_file_id);
    expect(new Set(errors.map(({ error }) => error?.code))).toEqual(
      new Set(["invalid_json_line", "batch_expired"]),
    );
    expect(errors).toHaveLength(600);
  });

  test("is counted also if nobody looked at it in time", async () => {
    await using batching = startBatching([echo()], { now: () => Date.now() + 86_400_000 });

    const { id } = await batching.submit(linesOf(3));

    expect(await batching.ended(id)).toMatchObject({
      status: "expired",
      request_counts: { total: 3, completed: 0, failed: 3 },
    });
  });
});

test("a batch for whose results there is no room fails, and says so", async () => {
  const { records } = createStore("memory:", memoryLog(), { maxTotalBytes: () => 60_000 });
  await using batching = startBatching([echo()], { records });

  const { id } = await batching.submit(linesOf(60));
  const ended = await batching.ended(id);

  expect(ended).toMatchObject({ status: "failed", errors: { data: [{ code: "store_full" }] } });
  expect(ended.request_counts.completed).toBeWithin(1, 60);
  expect(await batching.lines(ended.output_file_id)).toHaveLength(ended.request_counts.completed);
});

test("lines of a key that is gone are answered that they may not be asked", async () => {
  const { records } = createStore("memory:", memoryLog());
  const backend = echo();
  await using open = startBatching([backend], { records });
  await open.runner.drain();
  const { id } = await open.submit(linesOf(2));
  await using locked = startBatching([backend], { records, keys: ["key-one-12345"] });

  const ended = await open.ended(id);

  expect(ended.request_counts).toEqual({ total: 2, completed: 0, failed: 2 });
  expect((await open.lines(ended.error_file_id)).map(({ response }) => response?.status_code)).toEqual([
    401, 401,
  ]);
  expect(backend.calls).toHaveLength(0);
  await locked.runner.drain();
});
