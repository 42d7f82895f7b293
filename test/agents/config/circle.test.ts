import { describe, expect, test } from "bun:test";
import { findCircle } from "../../../src/agents/config/circle.ts";

describe("agents that ask each other", () => {
  const cases: readonly [
    string,
    Readonly<Record<string, readonly string[]>>,
    readonly string[] | undefined,
  ][] = [
    ["in a line are no circle", { a: ["b"], b: ["c"], c: [] }, undefined],
    ["in two ways to one are no circle", { a: ["b", "c"], b: ["d"], c: ["d"], d: [] }, undefined],
    ["and things that are no agents are no circle", { a: ["model"], b: ["a", "model"] }, undefined],
    ["alone are one", { a: ["a"] }, ["a", "a"]],
    ["two and two are one", { a: ["b"], b: ["a"] }, ["a", "b", "a"]],
    ["are found behind others", { x: ["a"], a: ["y", "b"], b: ["c"], c: ["a"], y: [] }, ["a", "b", "c", "a"]],
  ];
  for (const [name, asks, circle] of cases) {
    test(name, () => {
      const agents = Object.entries(asks).map(([id, asked]) => ({ id, asks: asked }));

      expect(findCircle(agents)).toEqual(circle);
    });
  }

  test("are looked through once each", () => {
    const layers = Array.from({ length: 60 }, (_, layer) =>
      ["x", "y"].map((side) => ({ id: `${side}${layer}`, asks: [`x${layer + 1}`, `y${layer + 1}`] })),
    ).flat();

    expect(findCircle(layers)).toBeUndefined();
  });
});
