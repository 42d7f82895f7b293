import { describe, expect, test } from "bun:test";
import { Graph } from "../../../src/agents/kit/graph.ts";
import { END } from "../../../src/agents/kit/graph-plan.ts";

const step = () => {};

/** A graph with these nodes and nothing else. */
function nodes(...names: string[]): Graph {
  const graph = new Graph({ name: "g" });
  for (const name of names) graph.addNode(name, step);
  return graph;
}

describe("a graph cannot run", () => {
  const table: readonly (readonly [name: string, graph: () => Graph, problems: string])[] = [
    ["without nodes", () => nodes(), "it has no nodes"],
    [
      "with an entry that is no node",
      () => nodes("a").addEdge("a", END).setEntry("b"),
      "its entry 'b' is none of its nodes. Its nodes: a",
    ],
    [
      "with an edge to no node",
      () => nodes("a").addEdge("a", "b"),
      "the edge from 'a' names 'b', which is none of its nodes. Its nodes: a",
    ],
    [
      "with an edge from no node",
      () => nodes("a").addEdge("a", END).addEdge("b", "a"),
      "the edge from 'b' names 'b', which is none of its nodes. Its nodes: a",
    ],
    [
      "with an edge from its end",
      () => nodes("a").addEdge("a", END).addEdge(END, "a"),
      "the edge from '__end__' names '__end__', which is none of its nodes. Its nodes: a",
    ],
    [
      "with a conditional edge to no node",
      () => nodes("a").addConditionalEdge("a", () => "b", ["b", END]),
      "the edge from 'a' names 'b', which is none of its nodes. Its nodes: a",
    ],
    [
      "with a conditional edge to no node under another name",
      () => nodes("a").addConditionalEdge("a", () => "yes", { yes: "b", no: END }),
      "the edge from 'a' names 'b', which is none of its nodes. Its nodes: a",
    ],
    [
      "with nodes without an edge",
      () => nodes("a", "b", "c").addEdge("a", "b"),
      "there is no edge from 'b', 'c'; the last node needs one to END",
    ],
    [
      "with a node to which no edge leads",
      () => nodes("a", "b").addEdge("a", END).addEdge("b", END),
      "no edge leads to 'b'",
    ],
    [
      "in a circle without a way out",
      () => nodes("a", "b", "c").addEdge("a", "b").addEdge("b", "c").addEdge("c", "b"),
      "no way leads from 'a', 'b', 'c' to END",
    ],
    [
      "in a circle of a node and itself",
      () => nodes("a").addConditionalEdge("a", () => "a", ["a"]),
      "no way leads from 'a' to END",
    ],
    [
      "in a circle in one of its branches",
      () =>
        nodes("a", "b", "c")
          .addConditionalEdge("a", () => "b", ["b", END])
          .addEdge("b", "c")
          .addEdge("c", "b"),
      "no way leads from 'b', 'c' to END",
    ],
    [
      "with several mistakes",
      () => nodes("a", "b").addEdge("a", "c").addEdge("b", "d"),
      "the edge from 'a' names 'c', which is none of its nodes. Its nodes: a, b; the edge from 'b' names 'd', which is none of its nodes. Its nodes: a, b",
    ],
  ];
  for (const [name, graph, problems] of table) {
    test(name, () => {
      expect(() => graph().toRun()).toThrow(new Error(`The graph 'g' cannot run: ${problems}.`));
    });
  }

  test("when it contains itself", () => {
    const inner = new Graph({ name: "inner" });
    const outer = new Graph({ name: "outer" }).addNode("in", inner).addEdge("in", END);
    inner.addNode("out", outer).addEdge("out", END);

    expect(() => outer.toRun()).toThrow("The graph 'outer' contains itself.");
    expect(() => inner.toRun()).toThrow("The graph 'inner' contains itself.");
  });

  test("when a graph in it cannot", () => {
    const graph = new Graph().addNode("in", new Graph({ name: "inner" })).addEdge("in", END);

    expect(() => graph.toRun()).toThrow("The graph 'inner' cannot run: it has no nodes.");
  });
});

describe("a graph can run", () => {
  const table: readonly (readonly [name: string, graph: () => Graph])[] = [
    ["with one node", () => nodes("a").addEdge("a", END)],
    ["in a circle with a way out", () => nodes("a").addConditionalEdge("a", () => END, ["a", END])],
    [
      "in a circle of nodes with a way out",
      () =>
        nodes("a", "b")
          .addEdge("a", "b")
          .addConditionalEdge("b", () => END, { again: "a", done: END }),
    ],
    [
      "where an edge may lead anywhere",
      () =>
        nodes("a", "b", "c")
          .addConditionalEdge("a", () => END)
          .addEdge("b", "c")
          .addEdge("c", "a"),
    ],
    [
      "with an entry that is not its first node",
      () => nodes("a", "b").addEdge("b", "a").addEdge("a", END).setEntry("b"),
    ],
    [
      "twice in another",
      () => {
        const inner = nodes("a").addEdge("a", END);
        return new Graph()
          .addNode("one", inner)
          .addNode("two", inner)
          .addEdge("one", "two")
          .addEdge("two", END);
      },
    ],
  ];
  for (const [name, graph] of table) {
    test(name, () => {
      expect(graph().toRun()).toBeFunction();
    });
  }
});

describe("a method refuses", () => {
  const table: readonly (readonly [name: string, call: () => unknown, message: string])[] = [
    ["a node of a name that is taken", () => nodes("a", "a"), "The graph 'g' has two nodes 'a'."],
    ["a node without a name", () => nodes(""), "A node of the graph 'g' cannot be named ''."],
    ["a node named as the end", () => nodes(END), "A node of the graph 'g' cannot be named '__end__'."],
    [
      "a second edge from a node",
      () =>
        nodes("a", "b")
          .addEdge("a", "b")
          .addConditionalEdge("a", () => END),
      "The graph 'g' has two edges from 'a'. Use addConditionalEdge to choose between nodes.",
    ],
    [
      "a node that cannot be run",
      // @ts-expect-error: no node
      () => nodes().addNode("a", { execute: step }),
      "The node 'a' of the graph 'g' has to be a function, an object with a method 'run', or a graph.",
    ],
    [
      "a choice that is no function",
      // @ts-expect-error: no function
      () => nodes("a").addConditionalEdge("a", "b"),
      "The edge from 'a' of the graph 'g' needs a function that chooses, not 'b'.",
    ],
    [
      "no steps at all",
      () => new Graph({ name: "g", maxSteps: 0 }),
      "maxSteps of the graph 'g' has to be a whole number above 0.",
    ],
  ];
  for (const [name, call, message] of table) {
    test(name, () => {
      expect(call).toThrow(new Error(message));
    });
  }
});
