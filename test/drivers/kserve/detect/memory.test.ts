import { describe, expect, test } from "bun:test";
import { createDiscoveryMemory } from "../../../../src/drivers/kserve/detect/memory.ts";

const entry = { name: "a", version: "1", state: "READY", reason: "" };
const looked = { profile: { name: "a" }, dialect: "generic", state: "READY" } as const;

function create() {
  let time = 0;
  return {
    memory: createDiscoveryMemory(() => time),
    pass: (milliseconds: number) => (time += milliseconds),
  };
}

describe("The memory of discoveries", () => {
  test("gives what was seen of the same entry", () => {
    const { memory } = create();

    memory.keep(entry, looked);

    expect(memory.recall({ ...entry })).toBe(looked);
  });

  for (const change of [{ version: "2" }, { state: "LOADING" }, { name: "b" }, { reason: "x" }]) {
    test(`has nothing of an entry with another ${Object.keys(change).join("")}`, () => {
      const { memory } = create();

      memory.keep(entry, looked);

      expect(memory.recall({ ...entry, ...change })).toBeUndefined();
    });
  }

  test("forgets after a minute", () => {
    const { memory, pass } = create();
    memory.keep(entry, looked);

    pass(60_000);

    expect(memory.recall(entry)).toBeUndefined();
  });

  test("forgets a model that is not what it was", () => {
    const { memory } = create();
    memory.keep(entry, looked);

    memory.drop("a");

    expect(memory.recall(entry)).toBeUndefined();
  });

  test("is bounded, and loses the oldest first", () => {
    const { memory } = create();
    for (let index = 0; index <= 2_000; index++) memory.keep({ ...entry, name: `m${index}` }, looked);

    expect(memory.recall({ ...entry, name: "m0" })).toBeUndefined();
    expect(memory.recall({ ...entry, name: "m2000" })).toBe(looked);
  });
});
