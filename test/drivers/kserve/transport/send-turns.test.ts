import { expect, test } from "bun:test";
import { SendTurns } from "../../../../src/drivers/kserve/transport/send-turns.ts";

const megabyte = 1_048_576;

function createNamed() {
  const turns = new SendTurns();
  const started: string[] = [];
  const enter = (name: string, megabytes: number) =>
    turns.enter(megabytes * megabyte, () => void started.push(name));
  return { enter, started };
}

test("large messages start in order, as far as they fit", () => {
  const { enter, started } = createNamed();

  enter("a", 16);
  enter("b", 16);
  enter("c", 16);
  enter("d", 2);

  expect(started).toEqual(["a", "b"]);
});

test("the next starts when one was sent, and saying so twice does not count twice", async () => {
  const { enter, started } = createNamed();
  const leave = enter("a", 16);
  enter("b", 16);
  enter("c", 16);
  enter("d", 16);

  leave();
  leave();
  await nextTurn();

  expect(started).toEqual(["a", "b", "c"]);
});

test("a message above the limit goes alone", async () => {
  const { enter, started } = createNamed();
  const leave = enter("a", 64);
  enter("b", 64);

  const before = [...started];
  leave();
  await nextTurn();

  expect([before, started]).toEqual([["a"], ["a", "b"]]);
});

test("one that is not wanted any more loses its place", async () => {
  const { enter, started } = createNamed();
  const leave = enter("a", 32);
  const unwanted = enter("b", 32);
  enter("c", 32);

  unwanted();
  leave();
  await nextTurn();

  expect(started).toEqual(["a", "c"]);
});

test("a small message never waits", () => {
  const { enter, started } = createNamed();
  enter("a", 64);

  enter("small", 1);

  expect(started).toEqual(["a", "small"]);
});

test("those that are given up together do not start", async () => {
  const { enter, started } = createNamed();
  const leaves = ["a", "b", "c"].map((name) => enter(name, 32));

  for (const leave of leaves) leave();
  await nextTurn();

  expect(started).toEqual(["a"]);
});

function nextTurn(): Promise<void> {
  return Promise.resolve();
}
