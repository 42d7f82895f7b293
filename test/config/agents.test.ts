import { describe, expect, test } from "bun:test";
import { dirname, join, relative, resolve } from "node:path";
import type { AgentConfig } from "../../src/agents/config/agent-config.ts";
import { useSources, type Sources } from "./sources.ts";

const { load, refusal, write } = useSources();

const weave = `
version: "1.0"

agents:
  researcher:
    model: "gemini-2.5-flash"
    tools:
      - http_request
      - file_read
      - json_validator
    config:
      temperature: 0.7
      max_tokens: 1000
`;

const bare: AgentConfig = {
  model: "m",
  tools: [],
  agents: [],
  inputs: [],
  parallel: true,
  sampling: {},
  extra: {},
  isPrivate: false,
  isDefault: false,
};

function agentOf(yaml: string): AgentConfig | undefined {
  return load({ yaml: `agents: { a: { model: m, ${yaml} }, b: { model: n }, c: { model: n } }` }).config
    .agents.definitions["a"];
}

test("a file of Weave is a configuration as it is", () => {
  const { config, warnings } = load({ yaml: weave, environment: { HOME: "/home/x" } });

  expect(config.agents.definitions).toEqual({
    researcher: {
      ...bare,
      model: "gemini-2.5-flash",
      tools: ["http_request", "file_read", "json_validator"],
      sampling: { temperature: 0.7, maxTokens: 1_000 },
    },
  });
  expect(config.backends).toEqual({});
  expect(config.defaultBackend).toBeUndefined();
  expect(warnings).toEqual([]);
});

describe("an agent says", () => {
  const cases: readonly [string, string, Partial<AgentConfig>][] = [
    ["what it is told to be", "system: Be kind.", { system: "Be kind." }],
    ["the same under Weave's name", "prompt: Be kind.", { system: "Be kind." }],
    ["the same under another name of Weave", "system_prompt: Be kind.", { system: "Be kind." }],
    ["what it is good for", "description: Finds things.", { description: "Finds things." }],
    ["its tools, each once", "tools: [calculator, calculator]", { tools: ["calculator"] }],
    ["its team", "agents: [b, c], parallel: false", { agents: ["b", "c"], parallel: false }],
    ["whose answers it gets", "inputs: b", { inputs: ["b"] }],
    ["whose answers it gets, as Weave also writes it", "inputs: [b.outputs, c]", { inputs: ["b", "c"] }],
    ["how long it may go on", "max_iterations: 3", { maxIterations: 3 }],
    ["that it is for agents only", "private: true", { isPrivate: true }],
    ["that it is the default", "default: true", { isDefault: true }],
    [
      "fields of its requests",
      "config: { top_p: 0.5, stop: END, min_p: 0.1, reasoning_effort: low }",
      { sampling: { topP: 0.5, stop: ["END"] }, extra: { min_p: 0.1 }, reasoningEffort: "low" },
    ],
    [
      "the same as Weave does, of which `config` wins",
      "model_config: { temperature: 1, max_tokens: 5, stop_sequences: [A] }, config: { temperature: 0 }",
      { sampling: { temperature: 0, maxTokens: 5, stop: ["A"] } },
    ],
    ["whose its model is", "model_config: { provider: openai }", { model: "openai/m", modelName: "m" }],
    ["that its model is this server's", "model_config: { provider: local }", {}],
    [
      "whose its model is, as Weave calls it",
      "model_config: { provider: google }",
      { model: "gemini/m", modelName: "m" },
    ],
  ];
  for (const [name, yaml, expected] of cases) {
    test(name, () => {
      expect(agentOf(yaml)).toEqual({ ...bare, ...expected });
    });
  }
});

test("an agent may have its model at an address of its own", () => {
  const { config } = load({
    yaml: `
agents:
  org/writer:
    model: llama
    model_config: { provider: vllm, api_base: "http://gpu:8000/v1", api_key_env: GPU_KEY }`,
  });

  expect(config.backends).toEqual({
    "agent-org-writer": {
      kind: "openai",
      private: true,
      models: ["llama"],
      base_url: "http://gpu:8000/v1",
      provider: "vllm",
      api_key_env: "GPU_KEY",
    },
  });
  expect(config.models["org/writer/llama"]).toEqual({
    backend: "agent-org-writer",
    target: "llama",
    settings: {},
  });
  expect(config.agents.definitions["org/writer"]).toEqual({
    ...bare,
    model: "org/writer/llama",
    modelName: "llama",
  });
});

test("limits and conversations have units of their own", () => {
  const { config } = load({
    yaml: `
agent_limits: { max_iterations: 3, max_model_calls: 4, max_tool_calls: 5, max_depth: 2, tool_timeout: 5s }
conversations: { max_context_tokens: 8000, expire: 1h, max_messages: 50, max_per_key: 12, max_bytes: 1MiB, max_total: 1GiB }`,
  });

  expect(config.agents.limits).toEqual({
    maxIterations: 3,
    maxModelCalls: 4,
    maxToolCalls: 5,
    maxDepth: 2,
    toolTimeoutMs: 5_000,
  });
  expect(config.conversations).toEqual({
    maxContextTokens: 8_000,
    expireMs: 3_600_000,
    maxMessages: 50,
    maxBytes: 1_048_576,
    maxPerKey: 12,
    maxTotalBytes: 1_073_741_824,
  });
});

describe("agent files", () => {
  test("of flags are sought in the working directory, without the demo model", () => {
    const { config, hasFiles } = load({
      flags: { "--agent": ["a.ts", "/agents"], "--watch": ["true"], "--agent-workers": ["2"] },
    });

    expect(config.agents).toMatchObject({
      files: [join(process.cwd(), "a.ts"), "/agents"],
      watch: true,
      workers: 2,
    });
    expect(config.backends).toEqual({});
    expect(hasFiles).toBe(true);
  });

  test("of a file are sought beside it", () => {
    const path = write("beside.yaml", "agent_files: [agents]");

    const { config } = load({ flags: { "--config": [path] } });

    expect(config.agents.files).toEqual([join(dirname(path), "agents")]);
    expect(config.backends).toEqual({});
  });
});

describe("what tools reach on this machine", () => {
  const yaml = `
tools: { file_read: { root: ./data, max_bytes: 2KiB } }
mcp_servers:
  found: { command: npx, args: [./data], env: { A: b } }
  own: { command: bin/server, cwd: work }
  away: { command: /opt/server, cwd: /srv }
  web: { url: "https://mcp.example/mcp" }`;

  test("is sought beside the file that names it, whatever else comes from flags", () => {
    const path = write("tools.yaml", yaml);
    const folder = dirname(path);

    const { agents } = load({ flags: { "--config": [path], "--agent": ["a.ts"] } }).config;

    expect(agents.files).toEqual([join(process.cwd(), "a.ts")]);
    expect(agents.tools).toEqual({ file_read: { root: join(folder, "data"), max_bytes: "2KiB" } });
    expect(agents.mcpServers).toEqual({
      found: { command: "npx", args: ["./data"], env: { A: "b" }, cwd: folder },
      own: { command: join(folder, "bin/server"), cwd: join(folder, "work") },
      away: { command: "/opt/server", cwd: "/srv" },
      web: { url: "https://mcp.example/mcp" },
    });
  });

  test("is absolute, however the file is named", () => {
    const folder = relative(process.cwd(), dirname(write("tools.yaml", yaml)));

    const { agents } = load({ flags: { "--config": [join(folder, "tools.yaml")] } }).config;

    expect(agents.tools.file_read?.root).toBe(resolve(folder, "data"));
    expect(agents.mcpServers["own"]).toMatchObject({ command: resolve(folder, "bin/server") });
  });
});

describe("an OpenAI-compatible server of the command line", () => {
  test("is the default, and asked for the model that is named", () => {
    const { config } = load({
      flags: { "--openai-base-url": ["http://gpu:8000/v1"], "--model": ["llama"] },
      environment: { OAI_SERVE_OPENAI_API_KEY_ENV: "GPU_KEY" },
    });

    expect(config.backends).toEqual({
      openai: { kind: "openai", base_url: "http://gpu:8000/v1", api_key_env: "GPU_KEY", models: ["llama"] },
    });
    expect(config).toMatchObject({ defaultBackend: "openai", publicModel: "llama" });
  });

  test("may be a known one", () => {
    expect(load({ flags: { "--openai-provider": ["gemini"] } }).config.backends).toEqual({
      openai: { kind: "openai", provider: "gemini" },
    });
  });
});

describe("the older server's variables mean the agents where there are agents", () => {
  const older = { OPENAI_COMPAT_MODEL_NAME: "cortex-flow", OPENAI_COMPAT_MAX_CONTEXT_TOKENS: "8000" };
  const yaml = "agents: { supervisor: { model: m } }";

  test("alone", () => {
    const { config, warnings } = load({ yaml, environment: { ...older, HOME: "/home/x" } });

    expect(config.agents.publicId).toBe("cortex-flow");
    expect(config.conversations.maxContextTokens).toBe(8_000);
    expect(config.maxContextTokens).toBeUndefined();
    expect(warnings).toEqual([]);
  });

  test("beside a backend of the command line", () => {
    const { config } = load({
      yaml,
      environment: older,
      flags: { "--openai-base-url": ["http://gpu:8000/v1"] },
    });

    expect(config.agents.publicId).toBe("cortex-flow");
    expect(config.publicModel).toBeUndefined();
    expect(config.backends["openai"]).toEqual({ kind: "openai", base_url: "http://gpu:8000/v1" });
  });

  test("but a flag means the backend of the command line", () => {
    const flags = { "--anyserve-endpoint": ["a:1"], "--model": ["m"], "--max-context-tokens": ["99"] };

    const { config } = load({ yaml, flags });

    expect(config.agents.publicId).toBeUndefined();
    expect(config).toMatchObject({ publicModel: "m", maxContextTokens: 99 });
    expect(config.conversations.maxContextTokens).toBe(99);
  });
});

describe("the command that runs one agent", () => {
  const run = { yaml: weave, agents: { only: "researcher" } };

  test("has an address of its own, which everybody reaches", () => {
    const { config, warnings } = load(run);

    expect(config.agents.only).toBe("researcher");
    expect(config.listen).toMatchObject({ host: "0.0.0.0", port: 8765 });
    expect(warnings).toContainEqual(expect.stringContaining("no key is set"));
  });

  test("goes by what is given", () => {
    const flags = { "--port": ["3000"] };
    const yaml = `${weave}\nlisten: { host: 127.0.0.1, port: 1 }`;

    expect(load({ ...run, yaml, flags }).config.listen).toMatchObject({ host: "127.0.0.1", port: 3_000 });
  });

  test("names the agents that there are", () => {
    const yaml = "agents: { a: { model: m }, b: { model: m } }";

    expect(refusal({ yaml, agents: { only: "x" } })).toBe("Agent 'x' not found. Available: a, b");
  });

  test("leaves it to files whether they have it", () => {
    const flags = { "--agent": ["a.ts"] };

    expect(load({ flags, agents: { only: "x" } }).config.agents.only).toBe("x");
  });

  test("needs a file", () => {
    expect(refusal({ agents: { only: "x" } })).toBe(
      "There is no .agent.yaml here: name a file with --config, or agents with --agent.",
    );
  });
});

test("a variable of the environment comes before one of its file, and an empty one is none", () => {
  const { variable } = load({ environment: { A: "1", C: "" }, env: "A=2\nB=3\nC=4" });

  expect(["A", "B", "C", "D"].map(variable)).toEqual(["1", "3", "4", undefined]);
});

describe("what does not fit together is refused by its place", () => {
  const agents = "agents: { a: { model: m }, b: { model: m } }";
  const mistakes: readonly [string, Sources, string][] = [
    [
      "an unknown key",
      { yaml: "agents:\n  a:\n    model: m\n    tool: []\n" },
      "a.yaml:4:5: agents.a.tool: unknown key; did you mean tools?",
    ],
    [
      "an unknown key of the requests",
      { yaml: "agents:\n  a:\n    model: m\n    config:\n      temprature: 1\n" },
      "a.yaml:5:7: agents.a.config.temprature: unknown key; did you mean temperature?",
    ],
    [
      "no model",
      { yaml: "agents:\n  a:\n    tools: []\n" },
      "a.yaml:2:3: agents.a.model: is missing; it must be an id of 1 to 256 characters without spaces.",
    ],
    [
      "a tool that nobody provides",
      { yaml: "agents:\n  a:\n    model: m\n    tools: [calculator, web_search]\n" },
      "a.yaml:4:25: agents.a.tools[1]: Tool 'web_search' not found. " +
        "Available: calculator, current_time, file_read, http_request, json_validator.",
    ],
    [
      "a tool of a server that is not there",
      {
        yaml: "mcp_servers: { files: { command: x } }\nagents: { a: { model: m, tools: [files, files.read, web.get] } }",
      },
      "a.yaml:2:53: agents.a.tools[2]: Tool 'web.get' not found. " +
        "Available: calculator, current_time, file_read, http_request, json_validator, files.",
    ],
    [
      "an agent in a team",
      { yaml: "agents: { a: { model: m, agents: [b, c] }, b: { model: m } }" },
      "a.yaml:1:38: agents.a.agents[1]: Agent 'c' not found. Available: b.",
    ],
    [
      "an agent whose answer is wanted",
      { yaml: "agents: { a: { model: m, inputs: c } }" },
      "a.yaml:1:26: agents.a.inputs: Agent 'c' not found. Available: none.",
    ],
    [
      "a team in itself",
      { yaml: "agents: { a: { model: m, agents: [a] } }" },
      "a.yaml:1:11: agents.a: agents call each other in a circle: a → a.",
    ],
    [
      "a circle",
      {
        yaml: "agents: { c: { model: a }, a: { model: m, agents: [b] }, b: { model: m, inputs: a } }",
      },
      "a.yaml:1:28: agents.a: agents call each other in a circle: a → b → a.",
    ],
    [
      "a conversation that is larger than all may be",
      { yaml: "agents: { a: { model: m } }\nconversations: { max_bytes: 16MiB, max_total: 4MiB }" },
      "a.yaml:2:36: conversations.max_total: must be at least max_bytes, 16MiB.",
    ],
    [
      "a name that a model has",
      { yaml: `backends: { x: { kind: demo } }\nmodels: { m: { backend: x, aliases: [a] } }\n${agents}` },
      "a.yaml:3:11: agents.a: a model has this id already.",
    ],
    [
      "two defaults",
      { yaml: "agents: { a: { model: m, default: true }, b: { model: m, default: true } }" },
      "a.yaml:1:58: agents.b.default: another agent is the default already: a.",
    ],
    [
      "the same twice",
      { yaml: "agents: { a: { model: m, system: x, prompt: y } }" },
      "a.yaml:1:37: agents.a.prompt: says the same as system; give one of them.",
    ],
    [
      "an agent twice",
      { yaml: "agents:\n  a: { model: m }\n  a: { model: n }\n" },
      "a.yaml:2:3: agents.a: is given again in line 3.",
    ],
    [
      "the name of a file for its text",
      { yaml: "agents: { a: { model: m, prompt: '@prompts/writer' } }" },
      "a.yaml:1:26: agents.a.prompt: must be the text itself, such as `|` and some lines; a file is not read.",
    ],
    [
      "an address of its own",
      { yaml: "agents: { a: { model: m, model_config: { api_base: gpu } } }" },
      "a.yaml:1:42: agents.a.model_config.api_base: must be an address such as https://api.example/v1.",
    ],
    [
      "a key of nobody",
      { yaml: "agents: { a: { model: m, model_config: { api_key_env: KEY } } }" },
      "a.yaml:1:42: agents.a.model_config.api_key_env: needs api_base or provider beside it.",
    ],
    [
      "a key where its variable belongs",
      { yaml: "agents: { a: { model: m, model_config: { api_base: 'http://x', api_key_env: sk-1 } } }" },
      "a.yaml:1:64: agents.a.model_config.api_key_env: must be the name of an environment variable in capital letters, " +
        "and not the key itself or a list of at most 8.",
    ],
    [
      "a store",
      { flags: { "--store": ["redis://x"] } },
      "--store: must be memory:, sqlite:PATH or postgres://USER:PASSWORD@HOST:PORT/DATABASE.",
    ],
    [
      "a key's variable without a server",
      { flags: { "--openai-api-key-env": ["X"] } },
      "--openai-api-key-env: needs --openai-base-url or --openai-provider.",
    ],
  ];
  for (const [name, sources, message] of mistakes) {
    test(name, () => {
      expect(refusal(sources)).toBe(message);
    });
  }

  test("a provider, with those that there are", () => {
    const message = refusal({ yaml: "agents: { a: { model: m, model_config: { provider: opnai } } }" });

    expect(message).toStartWith("a.yaml:1:42: agents.a.model_config.provider: must be one of openai, ");
  });

  test("an agent in a team is left to files that may hold it", () => {
    const yaml = "agent_files: [x]\nagents: { a: { model: m, agents: [b] } }";

    expect(load({ yaml }).config.agents.definitions["a"]?.agents).toEqual(["b"]);
  });

  test("an agent may bear the name of its model", () => {
    expect(load({ yaml: "agents: { gpt-4o: { model: gpt-4o } }" }).config.agents.definitions).toHaveProperty(
      "gpt-4o",
    );
  });
});

describe("what is taken and does nothing is named once", () => {
  const home = { HOME: "/home/x" };
  const cases: readonly [string, Sources, readonly string[]][] = [
    [
      "keys of Weave",
      {
        yaml: "weaves: { p: { agents: [a] } }\nagents: { a: { model: m, outputs: x, memory: {} }, b: { model: m, outputs: y } }",
        environment: home,
      },
      ["These keys of the file have no effect here: weaves, agents.*.memory, agents.*.outputs."],
    ],
    [
      "conversations without a place",
      { yaml: "agents: { a: { model: m } }" },
      [
        "Conversations are kept in memory and lost at the end, because neither HOME nor STATE_DIRECTORY is set; --store names a place.",
      ],
    ],
    ["not where memory is asked for", { yaml: "store: 'memory:'\nagents: { a: { model: m } }" }, []],
  ];
  for (const [name, sources, warnings] of cases) {
    test(name, () => {
      expect(load(sources).warnings).toEqual(warnings);
    });
  }
});
