import { describe, expect, test } from "bun:test";
import { getEventListeners } from "node:events";
import * as fc from "fast-check";
import { abortable, merge, untilFirst } from "../../src/core/stream.ts";
import { rejection } from "../support/rejection.ts";
import { heldSource, turns, until } from "../support/sources.ts";

const longMs = 60_000;

describe("abortable", () => {
  test("gives the items of its source and then ends", async () => {
    const source = heldSource<number>();
    for (const item of [1, 2, 3]) source.give(item);
    source.end();

    const items = await Array.fromAsync(abortable(source, new AbortController().signal));

    expect(items).toEqual([1, 2, 3]);
  });

  test("a pending read fails with the signal's reason although the source goes on waiting", async () => {
    const controller = new AbortController();
    const source = heldSource<number>();
    const pending = abortable(source, controller.signal).next();
    await until(() => source.reads === 1);

    controller.abort(new Error("the client left"));

    expect(await rejection(pending)).toHaveProperty("message", "the client left");
    expect(source.returned).toBe(true);
  });

  test("a source is not read once the signal has aborted", async () => {
    const source = heldSource<number>();
    source.give(1);

    const read = abortable(source, AbortSignal.abort(new Error("too late"))).next();

    expect(await rejection(read)).toHaveProperty("message", "too late");
    expect(source.reads).toBe(0);
  });

  test("an abort between two reads fails the second", async () => {
    const controller = new AbortController();
    const source = heldSource<number>();
    source.give(1);
    source.give(2);
    const items = abortable(source, controller.signal);
    await items.next();

    controller.abort(new Error("enough"));

    expect(await rejection(items.next())).toHaveProperty("message", "enough");
    expect(await items.next()).toEqual({ done: true, value: undefined });
    expect(source.returned).toBe(true);
  });

  test("a failure of the source is passed on", async () => {
    const source = heldSource<number>();
    source.fail(new Error("backend down"));

    const items = Array.fromAsync(abortable(source, new AbortController().signal));

    expect(await rejection(items)).toHaveProperty("message", "backend down");
  });

  test("leaving early tells the source", async () => {
    const source = heldSource<number>();
    source.give(1);

    for await (const _ of abortable(source, new AbortController().signal)) break;

    expect(source.returned).toBe(true);
  });

  for (const [ending, finish] of [
    ["the end", (source: { end(): void }) => source.end()],
    ["a failure", (source: { fail(reason: Error): void }) => source.fail(new Error("x"))],
  ] as const) {
    test(`no listener stays on the signal after ${ending}`, async () => {
      const { signal } = new AbortController();
      const source = heldSource<number>();
      const pending = abortable(source, signal).next();
      await until(() => source.reads === 1);
      const during = getEventListeners(signal, "abort").length;

      finish(source);
      await pending.catch(() => {});

      expect([during, getEventListeners(signal, "abort").length]).toEqual([1, 0]);
    });
  }

  test("a source that fails after the abort is nobody's unhandled rejection", async () => {
    const controller = new AbortController();
    const source = heldSource<number>();
    const pending = abortable(source, controller.signal).next();
    controller.abort(new Error("left"));
    expect(await rejection(pending)).toHaveProperty("message", "left");

    source.fail(new Error("late"));

    // The runner fails the test in whose time a rejection is left alone.
    await turns(3);
  });
});

describe("untilFirst", () => {
  test("gives everything when the first item is early", async () => {
    const source = heldSource<string>();
    for (const item of ["a", "b"]) source.give(item);
    source.end();

    const head = await untilFirst(source, longMs);

    expect(head.started).toBe(true);
    expect(await Array.fromAsync(head.items)).toEqual(["a", "b"]);
  });

  test("an early failure is thrown", async () => {
    const source = heldSource<string>();
    source.fail(new Error("no such model"));

    const head = untilFirst(source, longMs);

    expect(await rejection(head)).toHaveProperty("message", "no such model");
  });

  test("an early end is an empty stream", async () => {
    const source = heldSource<string>();
    source.end();

    const head = await untilFirst(source, longMs);

    expect(head.started).toBe(true);
    expect(await Array.fromAsync(head.items)).toEqual([]);
  });

  test("a late first item is not lost", async () => {
    const source = heldSource<string>();

    const head = await untilFirst(source, 1);
    source.give("late");
    source.end();

    expect(head.started).toBe(false);
    expect(await Array.fromAsync(head.items)).toEqual(["late"]);
  });

  test("a failure after the time reaches the reader", async () => {
    const source = heldSource<string>();

    const head = await untilFirst(source, 1);
    source.fail(new Error("backend down"));

    expect(await rejection(Array.fromAsync(head.items))).toHaveProperty("message", "backend down");
  });

  test("a failure after the time is nobody's unhandled rejection when nobody reads", async () => {
    const source = heldSource<string>();
    const head = await untilFirst(source, 1);

    source.fail(new Error("late"));

    await turns(3);
    expect(head.started).toBe(false);
  });

  test("leaving early tells the source", async () => {
    const source = heldSource<string>();
    source.give("a");
    const head = await untilFirst(source, longMs);

    for await (const _ of head.items) break;

    expect(source.returned).toBe(true);
  });

  test("no more than the first item is read before somebody asks", async () => {
    const source = heldSource<string>();
    for (const item of ["a", "b", "c"]) source.give(item);

    await untilFirst(source, longMs);

    expect(source.reads).toBe(1);
  });
});

describe("merge", () => {
  test("opens no more sources at once than it may, and the next when one ends", async () => {
    const sources = [heldSource<number>(), heldSource<number>(), heldSource<number>()] as const;
    const items = Array.fromAsync(merge(sources, 2));
    await until(() => sources[1].reads === 1);
    expect(sources.map(({ reads }) => reads)).toEqual([1, 1, 0]);

    sources[0].give(1);
    sources[0].end();
    await until(() => sources[2].reads === 1);
    for (const source of sources.slice(1)) {
      source.give(2);
      source.end();
    }

    expect(await items).toEqual([1, 2, 2]);
  });

  test("gives every item, each source's own in order, however the sources take turns", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.array(fc.nat({ max: 5 }), { maxLength: 6 }), { maxLength: 5 }),
        async (plans) => {
          const sources = plans.map((waits, source) => paced(source, waits));

          const items = await Array.fromAsync(merge(sources));

          for (const [source, waits] of plans.entries()) {
            expect(items.filter((item) => item.source === source).map(({ number }) => number)).toEqual([
              ...waits.keys(),
            ]);
          }
          expect(items.length).toBe(plans.flat().length);
        },
      ),
    );
  });

  test("no sources are an empty stream", async () => {
    expect(await Array.fromAsync(merge([]))).toEqual([]);
  });

  test("an item comes at once, whatever other sources wait for", async () => {
    const silent = heldSource<string>();
    const lively = heldSource<string>();
    const items = merge([silent, lively]);
    const first = items.next();

    lively.give("now");

    expect(await first).toEqual({ done: false, value: "now" });
  });

  test("the first failure ends everything and tells every source", async () => {
    const sources = [heldSource<string>(), heldSource<string>(), heldSource<string>()] as const;
    const items = Array.fromAsync(merge(sources));

    sources[1].fail(new Error("first"));
    sources[2].fail(new Error("second"));

    expect(await rejection(items)).toHaveProperty("message", "first");
    expect(sources.map(({ returned }) => returned)).toEqual([true, true, true]);
  });

  test("what came before the failure is given first", async () => {
    const early = heldSource<string>();
    const failing = heldSource<string>();
    early.give("before");
    failing.fail(new Error("broken"));
    const items = merge([early, failing]);

    const first = await items.next();

    expect(first.value).toBe("before");
    expect(await rejection(items.next())).toHaveProperty("message", "broken");
  });

  test("a failure is heard although other sources never stop talking", async () => {
    const limit = 1_000;
    const failing = heldSource<string>();
    failing.fail(new Error("broken"));
    let items = 0;

    const outcome = (async () => {
      for await (const _ of merge([endless(), endless(), failing])) {
        if (++items === limit) break;
        // A reader that takes its time lets every source come round again.
        await turns(1);
      }
    })();

    expect(await rejection(outcome)).toHaveProperty("message", "broken");
    expect(items).toBeLessThan(limit);
  });

  test("a reader that stops stops the sources: each is read at most one item ahead", async () => {
    const sources = [heldSource<number>(), heldSource<number>()] as const;
    for (const source of sources) for (let item = 0; item < 100; item++) source.give(item);
    const items = merge(sources);

    for (let taken = 0; taken < 10; taken++) await items.next();
    await turns(20);

    const reads = sources[0].reads + sources[1].reads;
    expect(reads).toBeLessThanOrEqual(10 + sources.length);
  });

  test("leaving early tells every source", async () => {
    const sources = [heldSource<number>(), heldSource<number>()] as const;
    sources[0].give(1);

    for await (const _ of merge(sources)) break;

    expect(sources.map(({ returned }) => returned)).toEqual([true, true]);
  });

  test("failures after the first are nobody's unhandled rejection", async () => {
    const sources = [heldSource<string>(), heldSource<string>()] as const;
    const items = Array.fromAsync(merge(sources));
    sources[0].fail(new Error("first"));
    expect(await rejection(items)).toHaveProperty("message", "first");

    sources[1].fail(new Error("second"));

    await turns(3);
  });
});

/** Items numbered from 0, each after some turns of the microtask queue. */
async function* paced(
  source: number,
  waits: readonly number[],
): AsyncGenerator<{ source: number; number: number }> {
  for (const [number, wait] of waits.entries()) {
    for (let turn = 0; turn < wait; turn++) await Promise.resolve();
    yield { source, number };
  }
}

async function* endless(): AsyncGenerator<string> {
  for (;;) yield "and on";
}
