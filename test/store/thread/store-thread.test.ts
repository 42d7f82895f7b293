import { afterEach, expect, test } from "bun:test";
import { createStoreThread, type StoreThread } from "../../../src/store/thread/store-thread.ts";
import { failureOf } from "../../support/failure.ts";

const unavailable = { kind: "unavailable", code: "store_unavailable" };
const limits = { jobMs: 15_000, maxJobs: 3, maxCharacters: 1_000, pauseMs: 0 };

let thread: StoreThread;
let starts: number;
afterEach(() => thread.close());

function start(path: string, more: Partial<typeof limits> = {}): StoreThread {
  starts = 0;
  const begin = () => {
    starts++;
    return new Worker(new URL("silent-worker.ts", import.meta.url));
  };
  thread = createStoreThread(["open", path, "normal"], begin, { ...limits, ...more });
  return thread;
}

function read(id = "c1"): Promise<unknown> {
  return thread.run((job) => ["read", job, 0, "", id]);
}

test("nothing is started before the first job", () => {
  start("");

  expect(starts).toBe(0);
});

test("a thread that does not answer fails those who wait, and the next begins another", async () => {
  start("", { jobMs: 50 });

  const failures = await Promise.all([failureOf(read()), failureOf(read())]);
  await failureOf(read());

  for (const failure of failures) expect(failure).toMatchObject(unavailable);
  expect(starts).toBe(2);
});

test("a thread that ends fails those who wait", async () => {
  start("ends");

  expect(await failureOf(read())).toMatchObject({
    ...unavailable,
    cause: { message: expect.stringContaining("does not work") },
  });
});

test("after one was lost, none is started for a while", async () => {
  start("ends", { pauseMs: 60_000 });
  await failureOf(read());

  expect(await failureOf(read())).toMatchObject(unavailable);
  expect(starts).toBe(1);
});

test("more jobs, or longer ones, than may wait are refused", async () => {
  start("", { jobMs: 300 });

  const tooLong = await failureOf(read("x".repeat(1_001)));
  const waiting = [read(), read(), read()].map(failureOf);
  const tooMany = await failureOf(read());

  expect([tooLong, tooMany]).toMatchObject([unavailable, unavailable]);
  expect(starts).toBe(1);
  await Promise.all(waiting);
});

test("closing fails those who wait and those who come", async () => {
  start("", { jobMs: 50 });
  const waiting = failureOf(read());

  await thread.close();

  expect(await waiting).toMatchObject(unavailable);
  expect(await failureOf(read())).toMatchObject(unavailable);
});

test("closing waits for the last ones also where no more may wait", async () => {
  start("", { jobMs: 50 });
  const waiting = [read(), read(), read()].map(failureOf);

  await thread.close();

  expect(await Promise.all(waiting)).toMatchObject([unavailable, unavailable, unavailable]);
});
