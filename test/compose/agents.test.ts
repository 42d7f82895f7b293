import { afterAll, describe, expect, test } from "bun:test";
import type { LoadedAgent } from "../../src/agents/load/loaded.ts";
import { closeFoundation, compose, createFoundation } from "../../src/compose.ts";
import { collect } from "../../src/core/collect.ts";
import { ConfigError } from "../../src/core/error.ts";
import { defineAgent } from "../../src/agents/kit/define-agent.ts";
import { type Sources, useSources } from "../config/sources.ts";
import { callContext, memoryLog, textRequest } from "../support/calls.ts";
import { startUpstream } from "../support/upstream/upstream.ts";

const { load } = useSources();
const foundation = createFoundation({
  log: memoryLog(),
  store: "memory:",
  isStoreChosen: true,
  expireMs: () => 0,
});
afterAll(() => closeFoundation(foundation));

const fileAgent: LoadedAgent = {
  agent: defineAgent({ name: "echo", run: ({ userQuery }) => userQuery }),
  id: "echo",
  isDefault: false,
  isPrivate: false,
  file: "/agents/echo.ts",
};

const agentOf = (id: string, asks: { agents?: readonly string[]; model: string }): LoadedAgent => ({
  ...fileAgent,
  id,
  agent: defineAgent({ name: id, ...asks }),
  file: `/agents/${id}.ts`,
});

/** What a configuration becomes, with one agent of a file beside it where `agents` are given. */
function composed(sources: Sources, agents: readonly LoadedAgent[] = []) {
  const { config, variable } = load(sources);
  const log = memoryLog();
  return { ...compose({ config, variable, files: { agents }, log, foundation }), log };
}

function refusal(sources: Sources, agents: readonly LoadedAgent[] = []): string {
  try {
    composed(sources, agents);
  } catch (error) {
    if (error instanceof ConfigError) return error.message;
    throw error;
  }
  return "accepted";
}

const withAgents = (definitions: object, more: object = {}) =>
  JSON.stringify({ agents: definitions, ...more });

describe("names of other agents", () => {
  const key = { OPENAI_API_KEY: "k" };

  for (const [where, definition] of [
    ["agents", { model: "gpt-4o-mini", agents: ["reseacher"] }],
    ["inputs", { model: "gpt-4o-mini", inputs: ["reseacher"] }],
  ] as const) {
    test(`under '${where}' are known at the start, also where files have agents`, () => {
      const yaml = withAgents({ writer: definition }, { agent_files: ["./agents"] });

      expect(refusal({ yaml, environment: key }, [fileAgent])).toBe(
        "agents.writer: Agent 'reseacher' not found. Available: writer, echo.",
      );
    });
  }

  test("may be those of files", () => {
    const definition = { model: "gpt-4o-mini", inputs: ["echo"], agents: ["echo"] };
    const yaml = withAgents({ writer: definition }, { agent_files: ["./agents"] });

    expect(refusal({ yaml, environment: key }, [fileAgent])).toBe("accepted");
  });

  test("are listed up to twenty", () => {
    const agents = Array.from({ length: 30 }, (_, index) => ({ ...fileAgent, id: `agent-${index}` }));
    const yaml = withAgents(
      { writer: { model: "gpt-4o-mini", agents: ["x"] } },
      { agent_files: ["./agents"] },
    );

    expect(refusal({ yaml, environment: key }, agents)).toEndWith("agent-18 and 11 more.");
  });
});

describe("agents of files that ask each other in a circle", () => {
  for (const [how, asks] of [
    ["agents", { agents: ["a"], model: "demo" }],
    ["model", { model: "a" }],
  ] as const) {
    test(`are a mistake, by their ${how}`, () => {
      const agents = [agentOf("a", { agents: ["b"], model: "demo" }), agentOf("b", asks)];

      expect(refusal({ yaml: JSON.stringify({ backends: { demo: { kind: "demo" } } }) }, agents)).toBe(
        "/agents/a.ts: agent 'a': agents call each other in a circle: a → b → a.",
      );
    });
  }

  test("are one as well where one of them is of the configuration", () => {
    const yaml = withAgents(
      { a: { model: "demo", agents: ["b"] } },
      { backends: { demo: { kind: "demo" } }, agent_files: ["./agents"] },
    );

    expect(refusal({ yaml }, [agentOf("b", { agents: ["a"], model: "demo" })])).toBe(
      "agents.a: agents call each other in a circle: a → b → a.",
    );
  });

  test("are none where an agent has the name of its model", () => {
    const yaml = JSON.stringify({ backends: { demo: { kind: "demo" } } });

    expect(refusal({ yaml }, [agentOf("demo", { model: "demo" })])).toBe("accepted");
  });
});

describe("what a provider needs", () => {
  const yaml = withAgents({ writer: { model: "gpt-4o-mini" } });
  const hidden = withAgents({
    boss: { model: "helper" },
    helper: { model: "gpt-4o-mini", private: true },
    unused: { model: "gpt-4o-mini", private: true },
  });

  for (const [what, given, environment, said] of [
    ["a key", yaml, {}, "agents.writer: 'gpt-4o-mini' needs OPENAI_API_KEY in the environment."],
    [
      "an address that is one",
      yaml,
      { OPENAI_API_KEY: "k", OPENAI_BASE_URL: "localhost:8000" },
      expect.stringMatching(/^agents\.writer: .*OPENAI_BASE_URL/),
    ],
    [
      "a key, also for an agent that is only another's model",
      hidden,
      {},
      "agents.helper: 'gpt-4o-mini' needs OPENAI_API_KEY in the environment.",
    ],
    ["nothing more than a key", yaml, { OPENAI_API_KEY: "k" }, "accepted"],
  ] as const) {
    test(`is asked for at the start: ${what}`, () => {
      expect(refusal({ yaml: given, environment })).toEqual(said);
    });
  }

  const demo = { backends: { demo: { kind: "demo" } } };
  for (const [what, definition, environment, lines] of [
    [
      "a missing key",
      { model: "gpt-4o-mini" },
      {},
      ["warn agents.writer: 'gpt-4o-mini' needs OPENAI_API_KEY in the environment."],
    ],
    [
      "a wrong address",
      { model: "gpt-4o-mini" },
      { OPENAI_BASE_URL: "localhost:8000" },
      [expect.stringMatching(/^warn agents\.writer: .*OPENAI_BASE_URL/)],
    ],
    [
      "a model that nobody has",
      { model: "llama-x" },
      {},
      ["warn agents.writer: Model 'llama-x' not found: no backend has it, and it is of no known provider."],
    ],
    ["nothing where a backend has the model", { model: "demo" }, {}, []],
    ["nothing where the provider has a key", { model: "gpt-4o-mini" }, { OPENAI_API_KEY: "k" }, []],
    ["nothing of agents that nobody reaches", { model: "gpt-4o-mini", private: true }, {}, []],
  ] as const) {
    test(`is warned of where backends might have the model instead: ${what}`, async () => {
      const application = composed({
        yaml: withAgents({ writer: definition }, demo),
        environment,
      });

      await application.learnModels();

      expect(application.log.lines).toEqual([...lines]);
      await application.close();
    });
  }
});

test("an agent with the name of its model asks that model once under its public name", async () => {
  const upstream = await startUpstream(() => ({ text: "Hello" }));
  const application = composed({
    yaml: withAgents({ "gpt-4o-mini": { model: "gpt-4o-mini", system: "Be brief." } }),
    environment: {
      OPENAI_API_KEY: "k",
      OPENAI_BASE_URL: upstream.url,
      OPENAI_COMPAT_MODEL_NAME: "my-public",
    },
  });

  const request = textRequest({ model: "my-public" });
  const { events } = await application.generate([request], callContext(), { usage: true });
  const { metadata } = await collect(events);

  const open = application.agents.filter(({ isPrivate }) => !isPrivate);
  expect(open.map(({ id }) => id)).toEqual(["my-public"]);
  expect(metadata).toMatchObject({ agents_used: [], iterations: 1 });
  expect(upstream.calls.map(({ body }) => body["messages"])).toEqual([
    [
      { role: "system", content: "Be brief." },
      { role: "user", content: "Hi" },
    ],
  ]);
  await application.close();
  await upstream.close();
});

test("a published agent with the name of its model stays in reach of the agents that hand it work", async () => {
  const application = composed({
    yaml: withAgents({
      "gpt-4o": { model: "gpt-4o", default: true },
      team: { model: "gpt-4o-mini", agents: ["gpt-4o"] },
    }),
    environment: { OPENAI_API_KEY: "k", OPENAI_COMPAT_MODEL_NAME: "my-public" },
  });

  expect(application.agents.map(({ id }) => id)).toEqual(["my-public", "gpt-4o", "team"]);
  await application.close();
});
