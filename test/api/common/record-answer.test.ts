import { expect, test } from "bun:test";
import { type Keeper, recordAnswer } from "../../../src/api/common/record-answer.ts";
import { ServeError } from "../../../src/core/error.ts";
import type { EventBatch, GenerationEvent } from "../../../src/core/generation.ts";
import { finish, text, usage } from "../../support/events.ts";
import { failureOf } from "../../support/failure.ts";

async function* play(...batches: EventBatch[]): AsyncGenerator<EventBatch> {
  yield* batches;
}

interface Watched extends Keeper {
  seen: GenerationEvent[];
  saves: number;
}

function watch(save: () => Promise<void> = async () => {}): Watched {
  const keeper: Watched = {
    seen: [],
    saves: 0,
    add: (event) => void keeper.seen.push(event),
    save: async () => {
      keeper.saves++;
      await save();
    },
  };
  return keeper;
}

function nothing(): void {}

test("an answer is saved before its end is handed on, once, and by all who keep it", async () => {
  const keepers = [watch(), watch()];
  const batches = [[text("Hel")], [text("lo"), finish()]];
  const saves: number[] = [];

  for await (const _ of recordAnswer(play(...batches), {
    choices: 1,
    usage: false,
    keepers,
    close: nothing,
  })) {
    saves.push(keepers[0]?.saves ?? 0);
  }

  expect(saves).toEqual([0, 1]);
  for (const keeper of keepers) expect(keeper).toMatchObject({ saves: 1, seen: batches.flat() });
});

test("the end of one that is counted waits for the count, and comes in order", async () => {
  const keeper = watch();
  const metadata: GenerationEvent = { type: "metadata", fields: { a: 1 } };
  const batches = [[text("a", 1)], [finish("stop", 1)], [text("b"), finish()], [metadata], [usage(1, 2)]];
  const record = { choices: 2, usage: true, keepers: [keeper], close: nothing };

  const given: [EventBatch, number][] = [];
  for await (const batch of recordAnswer(play(...batches), record)) given.push([batch, keeper.saves]);

  expect(given.map(([batch]) => batch)).toEqual(batches);
  expect(given.map(([, saves]) => saves)).toEqual([0, 0, 1, 1, 1]);
});

test("one whose count never comes is saved and ended all the same", async () => {
  const keeper = watch();
  const batches = [[text("a"), finish()]];
  const record = { choices: 1, usage: true, keepers: [keeper], close: nothing };

  expect(await Array.fromAsync(recordAnswer(play(...batches), record))).toEqual(batches);
  expect(keeper.saves).toBe(1);
});

test("an answer that cannot be saved has no end, and is closed", async () => {
  const full = new ServeError("unavailable", "Full.", { code: "store_unavailable" });
  const keepers = [watch(), watch(() => Promise.reject(full))];
  let closed = 0;
  const record = { choices: 1, usage: false, keepers, close: () => void closed++ };
  const given: EventBatch[] = [];
  const read = async () => {
    for await (const batch of recordAnswer(play([text("a")], [finish()]), record)) given.push(batch);
  };

  expect(await failureOf(read())).toBe(full);
  expect(given).toEqual([[text("a")]]);
  expect(closed).toBeGreaterThan(0);
});

test("one that breaks off is not saved", async () => {
  const keeper = watch();
  const record = { choices: 2, usage: false, keepers: [keeper], close: nothing };

  await Array.fromAsync(recordAnswer(play([text("a"), finish()]), record));

  expect(keeper.saves).toBe(0);
});

test("without anybody to keep it, an answer passes as it is", () => {
  const events = play([finish()]);

  expect(recordAnswer(events, { choices: 1, usage: true, keepers: [], close: nothing })).toBe(events);
});
