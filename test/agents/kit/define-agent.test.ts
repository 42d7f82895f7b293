import { describe, expect, test } from "bun:test";
import type { AgentDefinition } from "../../../src/agents/kit/definition.ts";
import { defineAgent, isAgent } from "../../../src/agents/kit/define-agent.ts";
import { tool } from "../../../src/agents/kit/define-tool.ts";
import { Graph } from "../../../src/agents/kit/graph.ts";
import { END } from "../../../src/agents/kit/graph-plan.ts";

const weather = tool({ name: "weather", execute: () => "Sunny" });
const run = () => "Hello";

describe("an agent", () => {
  test("that is a function has nothing of a model's", () => {
    expect(defineAgent({ name: "echo", description: "Repeats.", run })).toMatchObject({
      name: "echo",
      description: "Repeats.",
      run,
      tools: [],
      namedTools: [],
      agents: [],
    });
  });

  test("that is a model says which, and its tools and agents", () => {
    expect(
      defineAgent({ name: "lead", model: "gpt-4o", tools: [weather, "calculator"], agents: ["writer"] }),
    ).toMatchObject({
      model: "gpt-4o",
      tools: ["weather", "calculator"],
      namedTools: ["calculator"],
      agents: ["writer"],
    });
  });

  test("may be a graph", () => {
    const graph = new Graph().addNode("say", () => {}).addEdge("say", END);

    expect(defineAgent({ name: "steps", run: graph }).run).toBeFunction();
  });

  test("is known as one, also as a copy", () => {
    const agent = defineAgent({ name: "echo", run });

    expect(isAgent(agent)).toBe(true);
    expect(isAgent({ ...agent })).toBe(true);
  });

  for (const value of [undefined, null, "echo", run, {}, { name: "echo", run }]) {
    test(`is not ${Bun.inspect(value)}`, () => {
      expect(isAgent(value)).toBe(false);
    });
  }
});

const model = (more: object) => ({ name: "a", model: "m", ...more });

describe("a definition is refused", () => {
  const table: readonly (readonly [definition: unknown, message: RegExp])[] = [
    [undefined, /has to be an object, not undefined/],
    ["echo", /has to be an object, not 'echo'/],
    [{ run }, /name of an agent has to be 1 to 256 characters without spaces, not undefined/],
    [{ name: "", run }, /not ''/],
    [{ name: "my agent", run }, /not 'my agent'/],
    [{ name: "a\u0000", run }, /1 to 256 characters/],
    [{ name: "a".repeat(257), run }, /not a text of 257 characters/],
    [{ name: "a" }, /The agent 'a' needs 'run', a function or a graph, or 'model'/],
    [{ name: "a", run: 5 }, /'run' of the agent 'a' has to be a function or a graph, not 5/],
    [model({ run: undefined }), /'run' of the agent 'a' has to be a function or a graph, not undefined/],
    [{ name: "a", run: {} }, /not an object/],
    [{ name: "a", run, system: "s" }, /'a', which has 'run', has no field 'system'. It may have: name, desc/],
    [model({ instructions: "s" }), /The agent 'a' has no field 'instructions'. It may have: .*system, tools/],
    [model({ model: "" }), /'model' of the agent 'a' has to be 1 to 256/],
    [model({ model: 5 }), /'model' of the agent 'a' has to be 1 to 256 characters without spaces, not 5/],
    [model({ description: 5 }), /'description' of the agent 'a' has to be a text, not 5/],
    [model({ system: ["s"] }), /'system' of the agent 'a' has to be a text, not an array/],
    [model({ tools: weather }), /'tools' of the agent 'a' has to be an array, not an object/],
    [model({ tools: [run] }), /number 1 is a function/],
    [model({ tools: ["a", {}] }), /number 2 is an object/],
    [model({ tools: [weather, "weather"] }), /'tools' of the agent 'a' names 'weather' twice/],
    [model({ tools: [{ name: "a b", execute: run }] }), /The name of a tool has to be 1 to 64/],
    [model({ agents: "b" }), /'agents' of the agent 'a' has to be an array, not 'b'/],
    [model({ agents: ["b", "b"] }), /names 'b' twice/],
    [model({ agents: ["a"] }), /cannot hand work to itself/],
    [model({ agents: ["b c"] }), /A name in 'agents' of the agent 'a'/],
    [model({ maxIterations: 0 }), /'maxIterations' of the agent 'a' has to be a whole number above 0, not 0/],
    [model({ maxIterations: 1.5 }), /whole number above 0, not 1.5/],
    [model({ parallel: "yes" }), /'parallel' of the agent 'a' has to be true or false, not 'yes'/],
    [model({ params: [] }), /'params' of the agent 'a' has to be an object, not an array/],
    [
      model({ params: { max_tokens: 5 } }),
      /'params' of the agent 'a' has no field 'max_tokens'. .*maxTokens/,
    ],
    [
      model({ params: { temperature: "1" } }),
      /'temperature' in 'params' of the agent 'a' has to be a number/,
    ],
    [model({ params: { stop: "." } }), /'stop' in 'params' of the agent 'a' has to be an array/],
    [model({ params: { stop: [5] } }), /has to hold texts/],
    [model({ params: { extra: 5 } }), /'extra' in 'params' of the agent 'a' has to be an object/],
  ];
  for (const [definition, message] of table) {
    test(String(message), () => {
      expect(() => defineUnchecked(definition)).toThrow(message);
    });
  }
});

/** As from JavaScript. */
function defineUnchecked(definition: unknown): void {
  const define: (definition: AgentDefinition) => unknown = defineAgent;
  Reflect.apply(define, undefined, [definition]);
}
