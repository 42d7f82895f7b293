import { describe, expect, test } from "bun:test";
import { defineAgent } from "../../../src/agents/kit/define-agent.ts";
import { Graph } from "../../../src/agents/kit/graph.ts";
import { END } from "../../../src/agents/kit/graph-plan.ts";
import { createRegistry, isRegistry, type Registry } from "../../../src/agents/kit/registry.ts";

const run = () => "Hello";

function entries(registry: Registry) {
  return Array.from(registry, ({ id, isDefault, isPrivate }) => ({ id, isDefault, isPrivate }));
}

test("a registry holds agents, functions and graphs under its names, in their order", () => {
  const echo = defineAgent({ name: "echo", run });
  const graph = new Graph().addNode("say", run).addEdge("say", END);

  const registry = createRegistry()
    .register("one", echo)
    .register("two", run)
    .register("three", graph, { private: true });

  expect(entries(registry)).toEqual([
    { id: "one", isDefault: true, isPrivate: false },
    { id: "two", isDefault: false, isPrivate: false },
    { id: "three", isDefault: false, isPrivate: true },
  ]);
  expect(Array.from(registry, ({ agent }) => agent.name)).toEqual(["echo", "two", "three"]);
});

describe("the default", () => {
  test("is the one that is told to be", () => {
    const registry = createRegistry().register("one", run).register("two", run, { default: true });

    expect(entries(registry).map(({ isDefault }) => isDefault)).toEqual([false, true]);
  });

  test("is the first that clients may ask, where none is told to be", () => {
    const registry = createRegistry().register("one", run, { private: true }).register("two", run);

    expect(entries(registry).map(({ isDefault }) => isDefault)).toEqual([false, true]);
  });

  test("can be only one", () => {
    const registry = createRegistry().register("one", run, { default: true });

    expect(() => registry.register("two", run, { default: true })).toThrow(
      "There is a default already: 'one'. 'two' cannot be another.",
    );
    expect(entries(registry).map(({ id }) => id)).toEqual(["one"]);
  });
});

describe("a registry refuses", () => {
  const table: readonly (readonly [name: string, given: readonly unknown[], message: RegExp])[] = [
    ["a name that is taken", ["taken", run], /There is an agent 'taken' already/],
    ["what is no name", ["a b", run], /1 to 256 characters without spaces, not 'a b'/],
    ["what is no agent", ["a", "b"], /'run' of the agent 'a' has to be a function or a graph, not 'b'/],
    [
      "an unknown option",
      ["a", run, { setDefault: true }],
      /no field 'setDefault'. It may have: default, private/,
    ],
    ["a graph that cannot run", ["a", new Graph({ name: "empty" })], /The graph 'empty' cannot run/],
  ];
  for (const [name, given, message] of table) {
    test(name, () => {
      const registry = createRegistry().register("taken", run);

      expect(() => Reflect.apply(Reflect.get(registry, "register"), undefined, given)).toThrow(message);
    });
  }
});

test("a registry is known as one", () => {
  expect(isRegistry(createRegistry())).toBe(true);
  expect(isRegistry([])).toBe(false);
  expect(isRegistry(undefined)).toBe(false);
});
