import { describe, expect, test } from "bun:test";
import type { BackendConfig, LogContent } from "../../src/config/config.ts";
import { useSources, type Sources } from "./sources.ts";

const { load, write, withoutDirectory } = useSources();

test("nothing given is the demo model with every default", () => {
  const { config, warnings, enabled } = load({});

  expect(config).toEqual({
    listen: { host: "127.0.0.1", port: 8080, maxBodyBytes: 33_554_432, maxFileBytes: 104_857_600 },
    auth: { keys: [] },
    cors: { origins: [] },
    limits: {
      maxConcurrency: 1_024,
      batchConcurrency: 4,
      maxQueue: 1_024,
      maxJsonDepth: 128,
      maxJsonValues: 524_288,
      maxMessages: 16_384,
      maxRepairs: 2,
    },
    strict: false,
    timeouts: {
      connectMs: 5_000,
      firstTokenMs: 600_000,
      betweenTokensMs: 120_000,
      agentMs: 600_000,
      totalMs: 0,
      clientMs: 120_000,
    },
    stream: { headStartMs: 2_000, keepAliveMs: 10_000 },
    shutdown: { delayMs: 0, graceMs: 30_000 },
    log: { format: "pretty", level: "info", content: "off" },
    backends: { demo: { kind: "demo" } },
    presets: {},
    models: {},
    agents: {
      files: [],
      definitions: {},
      tools: {},
      mcpServers: {},
      watch: false,
      workers: 0,
      limits: {
        maxIterations: 10,
        maxModelCalls: 100,
        maxToolCalls: 200,
        maxDepth: 8,
        toolTimeoutMs: 60_000,
      },
    },
    conversations: { expireMs: 2_592_000_000, maxMessages: 10_000, maxBytes: 16_777_216, maxPerKey: 100_000 },
    store: "memory:",
    defaultBackend: "demo",
    tokenModel: "gpt-4",
  });
  expect(warnings).toEqual([]);
  expect(enabled).toBe(true);
});

test("an endpoint on the command line is a backend and the default", () => {
  const { config } = load({
    flags: {
      "--anyserve-endpoint": ["localhost:8000"],
      "--anyserve-stream-endpoint": ["localhost:8100"],
      "--chat-template": ["chatml"],
    },
    yaml: "backends: { other: { kind: demo } }",
  });

  expect(config.backends).toEqual({
    other: { kind: "demo" },
    anyserve: {
      kind: "kserve",
      endpoint: "localhost:8000",
      dialect: "anyserve",
      stream_endpoint: "localhost:8100",
      template: "chatml",
    },
  });
  expect(config.defaultBackend).toBe("anyserve");
});

test("backends of a file alone make no default", () => {
  expect(load({ yaml: "backends: { a: { kind: demo } }" }).config.defaultBackend).toBeUndefined();
});

test("models come with their own names", () => {
  const { config } = load({
    yaml: `
backends: { gpu: { kind: kserve, endpoint: "gpu:1" } }
models:
  org/llama:8b: { backend: gpu, target: llama, aliases: [gpt-4o], token_model: gpt-4o, max_context_tokens: 8192 }
default_model: org/llama:8b
max_context_tokens: 4096`,
  });

  expect(config.models).toEqual({
    "org/llama:8b": {
      backend: "gpu",
      target: "llama",
      aliases: ["gpt-4o"],
      tokenModel: "gpt-4o",
      maxContextTokens: 8_192,
      settings: {},
    },
  });
  expect(config.defaultModel).toBe("org/llama:8b");
  expect(config.maxContextTokens).toBe(4_096);
});

function kserve(endpoint: string, more: Readonly<Record<string, unknown>> = {}): BackendConfig {
  return { kind: "kserve", endpoint, ...more };
}

describe("backends of the command line", () => {
  const cases: readonly [string, Sources, Readonly<Record<string, BackendConfig>>][] = [
    ["a server of any kind", { flags: { "--kserve-endpoint": ["a:1"] } }, { kserve: kserve("a:1") }],
    [
      "several",
      { flags: { "--kserve-endpoint": ["a:1", "b:2", "c:3"] } },
      { kserve: kserve("a:1"), "kserve-2": kserve("b:2"), "kserve-3": kserve("c:3") },
    ],
    [
      "several of a variable",
      { environment: { OAI_SERVE_KSERVE_ENDPOINT: "a:1, b:2" } },
      { kserve: kserve("a:1"), "kserve-2": kserve("b:2") },
    ],
    [
      "a dialect for those whose kind can be found out",
      { flags: { "--kserve-endpoint": ["a:1"], "--anyserve-endpoint": ["b:2"], "--dialect": ["vllm"] } },
      { anyserve: kserve("b:2", { dialect: "anyserve" }), kserve: kserve("a:1", { dialect: "vllm" }) },
    ],
    [
      "parsers and a template's name for all",
      {
        flags: {
          "--kserve-endpoint": ["a:1", "b:2"],
          "--chat-template": ["chatml"],
          "--tool-parser": ["hermes"],
          "--reasoning-parser": ["think"],
        },
      },
      Object.fromEntries(
        [["kserve", "a:1"] as const, ["kserve-2", "b:2"] as const].map(([id, endpoint]) => [
          id,
          kserve(endpoint, { template: "chatml", tool_parser: "hermes", reasoning_parser: "think" }),
        ]),
      ),
    ],
    [
      "a template's file",
      { flags: { "--kserve-endpoint": ["a:1"], "--chat-template": ["models/chat_template.jinja"] } },
      { kserve: kserve("a:1", { template: { file: "models/chat_template.jinja" } }) },
    ],
    [
      "TLS with the usual authorities",
      { flags: { "--kserve-endpoint": ["a:1"], "--tls": ["true"] } },
      { kserve: kserve("a:1", { tls: true }) },
    ],
    [
      "TLS with files",
      {
        flags: {
          "--kserve-endpoint": ["a:1"],
          "--tls-ca": ["ca.pem"],
          "--tls-cert": ["us.pem"],
          "--tls-key": ["us.key"],
          "--tls-server-name": ["triton"],
        },
        environment: { OAI_SERVE_TLS: "yes" },
      },
      {
        kserve: kserve("a:1", {
          tls: { ca_file: "ca.pem", cert_file: "us.pem", key_file: "us.key", server_name: "triton" },
        }),
      },
    ],
    [
      "over what the file says of them",
      {
        yaml: "backends: { kserve: { kind: kserve, endpoint: 'x:9', dialect: trtllm, tls: { ca_file: ca.pem } } }",
        flags: { "--kserve-endpoint": ["a:1"], "--tls": ["true"], "--tls-server-name": ["triton"] },
      },
      { kserve: kserve("a:1", { dialect: "trtllm", tls: { ca_file: "ca.pem", server_name: "triton" } }) },
    ],
  ];
  for (const [name, sources, backends] of cases) {
    test(name, () => {
      expect(load(sources).config.backends).toEqual(backends);
    });
  }

  test("the first of them is the default", () => {
    const flags = { "--kserve-endpoint": ["a:1", "b:2"] };

    expect(load({ flags }).config.defaultBackend).toBe("kserve");
    expect(load({ flags: { ...flags, "--anyserve-endpoint": ["c:3"] } }).config.defaultBackend).toBe(
      "anyserve",
    );
  });
});

test("what belongs to a model's driver stands apart", () => {
  const { config } = load({
    yaml: `
backends: { gpu: { kind: kserve, endpoint: "gpu:1" } }
models: { m: { backend: gpu, template: chatml, tensors: { prompt: text_input }, tool_parser: hermes } }`,
  });

  expect(config.models["m"]).toEqual({
    backend: "gpu",
    settings: { template: "chatml", tensors: { prompt: "text_input" }, tool_parser: "hermes" },
  });
});

describe("what the operator decides about requests", () => {
  const yaml = `
backends:
  gpu:
    kind: kserve
    endpoint: "gpu:1"
    defaults: { temperature: 0.2, max_tokens: 100, min_p: 0.1 }
    overrides: { reasoning_effort: low }
models:
  m:
    backend: gpu
    defaults: { temperature: 0.7, stop: END, top_k: 40 }
  n: { backend: gpu, overrides: { ignore_eos: true, stop: [a, b], seed: 7 } }`;

  test("holds for all models of a backend", () => {
    expect(load({ yaml }).config.presets).toEqual({
      gpu: {
        defaults: { sampling: { temperature: 0.2, maxTokens: 100 }, extra: { min_p: 0.1 } },
        overrides: { sampling: {}, reasoning: { effort: "low" }, extra: {} },
      },
    });
  });

  test("is no part of what the driver gets", () => {
    expect(load({ yaml }).config.backends).toEqual({ gpu: { kind: "kserve", endpoint: "gpu:1" } });
  });

  test("is a model's own before its backend's, field by field", () => {
    const { m, n } = load({ yaml }).config.models;

    expect(m).toEqual({
      backend: "gpu",
      settings: {},
      defaults: {
        sampling: { temperature: 0.7, maxTokens: 100, topK: 40, stop: ["END"] },
        extra: { min_p: 0.1 },
      },
      overrides: { sampling: {}, reasoning: { effort: "low" }, extra: {} },
    });
    expect(n?.overrides).toEqual({
      sampling: { stop: ["a", "b"], seed: 7 },
      reasoning: { effort: "low" },
      extra: { ignore_eos: true },
    });
  });
});

test("strictness and repairs can be set everywhere", () => {
  const given: readonly Sources[] = [
    { yaml: "strict: true\nlimits: { max_repairs: 0 }" },
    { flags: { "--strict": ["true"], "--max-repairs": ["0"] } },
    { environment: { OAI_SERVE_STRICT: "1", OAI_SERVE_MAX_REPAIRS: "0" } },
  ];

  for (const sources of given) {
    expect(load(sources).config).toMatchObject({ strict: true, limits: { maxRepairs: 0 } });
  }
  expect(load({ yaml: "strict: true", environment: { OAI_SERVE_STRICT: "no" } }).config.strict).toBe(false);
});

test("the size of files and the number of lines of batches can be set everywhere", () => {
  const given: readonly Sources[] = [
    { yaml: "listen: { max_file: 2MiB }\nlimits: { batch_concurrency: 9 }" },
    { flags: { "--max-file": ["2MiB"], "--batch-concurrency": ["9"] } },
    { environment: { OAI_SERVE_MAX_FILE: "2MiB", OAI_SERVE_BATCH_CONCURRENCY: "9" } },
  ];

  for (const sources of given) {
    expect(load(sources).config).toMatchObject({
      listen: { maxFileBytes: 2_097_152 },
      limits: { batchConcurrency: 9 },
    });
  }
});

test("only files can be read again", () => {
  const keys = write("some-keys.txt", "key\n");

  expect(load({ flags: { "--port": ["1"] } }).hasFiles).toBe(false);
  expect(load({ yaml: "" }).hasFiles).toBe(true);
  expect(load({ env: "" }).hasFiles).toBe(true);
  expect(load({ environment: { OAI_SERVE_API_KEY_FILE: keys } }).hasFiles).toBe(true);
});

describe("precedence", () => {
  const yaml = "listen: { port: 1 }";
  const env = "OAI_SERVE_PORT=2";
  const ports: readonly [string, Sources, number][] = [
    ["the default comes last", {}, 8080],
    ["a file overrides the default", { yaml }, 1],
    ["an environment file overrides the file", { yaml, env }, 2],
    ["the environment overrides its file", { yaml, env, environment: { OAI_SERVE_PORT: "3" } }, 3],
    [
      "a flag overrides all",
      { yaml, env, environment: { OAI_SERVE_PORT: "3" }, flags: { "--port": ["4"] } },
      4,
    ],
    ["of a repeated flag the last counts", { flags: { "--port": ["4", "5"] } }, 5],
    ["the second name of a variable works", { environment: { OPENAI_COMPAT_PORT: "6" } }, 6],
    ["the first name wins", { environment: { OPENAI_COMPAT_PORT: "6", OAI_SERVE_PORT: "7" } }, 7],
    ["an empty variable is unset", { yaml, environment: { OAI_SERVE_PORT: "" } }, 1],
  ];
  for (const [name, sources, port] of ports) {
    test(name, () => {
      expect(load(sources).config.listen.port).toBe(port);
    });
  }
});

test("every variable of the older server is read", () => {
  const { config, enabled } = load({
    env: [
      "OPENAI_COMPAT_ENABLE=true",
      "OPENAI_COMPAT_PORT=8001",
      "OPENAI_COMPAT_MODEL_NAME=cortex-flow",
      "OPENAI_COMPAT_MAX_CONTEXT_TOKENS=8000",
      "OPENAI_COMPAT_TOKEN_MODEL=gpt-4o",
      "PATH=/nowhere",
    ].join("\n"),
  });

  expect(enabled).toBe(true);
  expect(config.listen.port).toBe(8001);
  expect(config).toMatchObject({ publicModel: "cortex-flow", maxContextTokens: 8_000, tokenModel: "gpt-4o" });
});

test("a variable can switch the server off", () => {
  expect(load({ environment: { OPENAI_COMPAT_ENABLE: "false" } }).enabled).toBe(false);
});

test("variables in a file are replaced, also where a number belongs", () => {
  const { config } = load({
    yaml: 'auth: { keys: ["${env:KEY}"] }\nlisten: { port: "${env:PORT}" }\ntoken_model: "${env:PORT}"',
    environment: { PORT: "1234" },
    env: "KEY=a:[1],b\nPORT=99",
  });

  expect(config.auth.keys).toEqual(["a:[1],b"]);
  expect(config.listen.port).toBe(1234);
  expect(config.tokenModel).toBe("1234");
});

test("keys of the file, of the flag and of the key file add up, each once", () => {
  const path = write("keys.txt", "# people\nfirst-key\n\n  second-key  \nfile-key\t# the laptop\nkey#1 #\n");

  const { config } = load({
    yaml: "auth: { keys: [file-key] }",
    flags: { "--api-key": ["flag-key"], "--api-key-file": [path] },
  });

  expect(config.auth.keys).toEqual(["file-key", "flag-key", "first-key", "second-key", "key#1"]);
});

test("a setting or a section that the file leaves empty has its default", () => {
  const { config } = load({
    yaml: "auth:\nlisten: { port: 1, host: }\ndefault_model: ~\nbackends: { a: { kind: demo, delay_ms: } }",
    flags: { "--api-key": ["key"] },
  });

  expect(config.listen).toMatchObject({ host: "127.0.0.1", port: 1 });
  expect(config.auth.keys).toEqual(["key"]);
  expect(config.defaultModel).toBeUndefined();
  expect(config.backends).toEqual({ a: { kind: "demo" } });
});

test("a flag may give what a backend of the file lacks", () => {
  const { config } = load({
    yaml: "backends: { anyserve: { template: chatml } }",
    flags: { "--anyserve-endpoint": ["a:1"] },
  });

  expect(config.backends).toEqual({
    anyserve: { kind: "kserve", endpoint: "a:1", dialect: "anyserve", template: "chatml" },
  });
});

test("origins may be repeated and separated by commas", () => {
  expect(load({ flags: { "--cors-origin": ["https://a.example", "*"] } }).config.cors.origins).toEqual([
    "https://a.example",
    "*",
  ]);
  expect(
    load({ environment: { OAI_SERVE_CORS_ORIGIN: "https://a.example, http://b:1" } }).config.cors.origins,
  ).toEqual(["https://a.example", "http://b:1"]);
});

describe("how much of the content is logged", () => {
  const cases: readonly [string, Sources, LogContent][] = [
    ["a preview on a terminal", { terminal: true }, "preview"],
    ["nothing elsewhere", {}, "off"],
    ["nothing in JSON", { terminal: true, flags: { "--log-format": ["json"] } }, "off"],
    ["what is asked for", { flags: { "--log-content": ["full"] } }, "full"],
  ];
  for (const [name, sources, content] of cases) {
    test(name, () => {
      expect(load(sources).config.log.content).toBe(content);
    });
  }
});

describe("a setting is found again", () => {
  const sources: readonly [string, Sources, string][] = [
    ["under its flag when it is the default", {}, "--port"],
    ["under its flag", { flags: { "--port": ["1"] }, yaml: "listen: { port: 2 }" }, "--port"],
    ["under its variable", { environment: { OPENAI_COMPAT_PORT: "1" } }, "OPENAI_COMPAT_PORT"],
    ["in its file", { yaml: "listen: { port: 2 }" }, "a.yaml:1:11: listen.port"],
    ["under its flag when the file is silent", { yaml: "listen: { host: a }" }, "--port"],
  ];
  for (const [name, given, place] of sources) {
    test(name, () => {
      expect(withoutDirectory(load(given).place(["listen", "port"]))).toBe(place);
    });
  }
});
