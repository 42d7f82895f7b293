import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { LogContent } from "../../src/config/config.ts";
import type { Environment } from "../../src/config/environment.ts";
import { loadConfig, type LoadedConfig } from "../../src/config/load.ts";
import { ConfigError } from "../../src/core/error.ts";
import { drivers } from "../../src/drivers/index.ts";

interface Sources {
  flags?: Readonly<Record<string, readonly string[]>>;
  environment?: Environment;
  /** Content of the configuration file. */
  yaml?: string;
  /** Content of the environment file. */
  env?: string;
  terminal?: boolean;
}

let directory = "";
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), "oai-serve-config-"));
});
afterAll(() => rmSync(directory, { recursive: true }));

function write(name: string, content: string): string {
  const path = join(directory, name);
  writeFileSync(path, content);
  return path;
}

function load({ flags = {}, environment = {}, yaml, env, terminal = false }: Sources): LoadedConfig {
  return loadConfig({
    flags: {
      ...flags,
      ...(yaml !== undefined && { "--config": [write("a.yaml", yaml)] }),
      ...(env !== undefined && { "--env-file": [write(".env", env)] }),
    },
    environment,
    terminal,
    drivers,
  });
}

/** The message of the refusal, without the directory of the test's files. */
function refusal(sources: Sources): string {
  try {
    load(sources);
  } catch (error) {
    if (error instanceof ConfigError) return error.message.replaceAll(`${directory}/`, "");
    throw error;
  }
  return "accepted";
}

test("nothing given is the demo model with every default", () => {
  const { config, warnings, enabled } = load({});

  expect(config).toEqual({
    listen: { host: "127.0.0.1", port: 8080, maxBodyBytes: 33_554_432 },
    auth: { keys: [] },
    cors: { origins: [] },
    limits: { maxConcurrency: 1_024, maxQueue: 1_024, maxJsonDepth: 128, maxMessages: 16_384 },
    timeouts: { connectMs: 5_000, firstTokenMs: 600_000, betweenTokensMs: 120_000, totalMs: 0 },
    stream: { headStartMs: 2_000, keepAliveMs: 10_000 },
    shutdown: { delayMs: 0, graceMs: 30_000 },
    log: { format: "pretty", level: "info", content: "off" },
    backends: { demo: { kind: "demo" } },
    models: {},
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
    },
  });
  expect(config.defaultModel).toBe("org/llama:8b");
  expect(config.maxContextTokens).toBe(4_096);
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
  const path = write("keys.txt", "# people\nfirst-key\n\n  second-key  \nfile-key\n");

  const { config } = load({
    yaml: "auth: { keys: [file-key] }",
    flags: { "--api-key": ["flag-key"], "--api-key-file": [path] },
  });

  expect(config.auth.keys).toEqual(["file-key", "flag-key", "first-key", "second-key"]);
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

describe("a mistake is refused under the name that the operator wrote", () => {
  const duration = "a duration from 1ms to 10m, such as 500ms, 5s, 10m or 1h";
  const mistakes: readonly [string, Sources, string][] = [
    ["a flag", { flags: { "--port": ["abc"] } }, "--port: must be an integer from 0 to 65535."],
    ["its range", { flags: { "--port": ["65536"] } }, "--port: must be an integer from 0 to 65535."],
    [
      "a variable",
      { environment: { OPENAI_COMPAT_PORT: "x" } },
      "OPENAI_COMPAT_PORT: must be an integer from 0 to 65535.",
    ],
    ["a duration", { flags: { "--connect-timeout": ["5 days"] } }, `--connect-timeout: must be ${duration}.`],
    [
      "a size",
      { flags: { "--max-body": ["1"] } },
      "--max-body: must be a size from 1KiB to 1GiB, such as 32MiB or 10MB.",
    ],
    ["a choice", { flags: { "--log-format": ["xml"] } }, "--log-format: must be one of pretty, json."],
    [
      "a template",
      { flags: { "--anyserve-endpoint": ["a:1"], "--chat-template": ["x"] } },
      "--chat-template: must be one of plain, chatml, llama3, mistral.",
    ],
    [
      "a missing backend",
      { flags: { "--chat-template": ["plain"] } },
      "--chat-template: needs --anyserve-endpoint.",
    ],
    [
      "a backend that is not there",
      { flags: { "--anyserve-endpoint": ["a:1"], "--demo-delay": ["5ms"] } },
      "--demo-delay: is for the demo model, which answers only when no other backend is configured.",
    ],
    [
      "an origin",
      { flags: { "--cors-origin": ["app.example"] } },
      "--cors-origin: must be an origin such as https://app.example without a path, or *.",
    ],
    [
      "a key",
      { flags: { "--api-key": ["a b"] } },
      "--api-key: must be a key of 1 to 512 visible ASCII characters.",
    ],
    [
      "a switch",
      { environment: { OPENAI_COMPAT_ENABLE: "x" } },
      "OPENAI_COMPAT_ENABLE: must be true or false.",
    ],
    [
      "a file that is not there",
      { flags: { "--config": ["/nope"] } },
      "--config: cannot read /nope (no such file).",
    ],
    [
      "a directory",
      { flags: { "--api-key-file": ["/"] } },
      "--api-key-file: cannot read / (it is a directory).",
    ],
    ["an environment file", { env: "A=1\nwhat" }, ".env: line 2 must have the form NAME=value."],
    [
      "a key in the file",
      { yaml: "listen: { prot: 1 }" },
      "a.yaml: listen.prot: unknown key; did you mean port?",
    ],
    [
      "a key far from all",
      { yaml: "listen: { colour: 1 }" },
      "a.yaml: listen.colour: unknown key; known are host, port, max_body.",
    ],
    ["a section", { yaml: "listen: 5" }, "a.yaml: listen: must be a mapping."],
    ["a list", { yaml: "auth: { keys: secret }" }, "a.yaml: auth.keys: must be a list of at most 10000."],
    [
      "an element",
      { yaml: "auth: { keys: [good, 5] }" },
      "a.yaml: auth.keys[1]: must be a key of 1 to 512 visible ASCII characters.",
    ],
    [
      "a kind",
      { yaml: "backends: { a: { kind: nope } }" },
      "a.yaml: backends.a.kind: must be one of kserve, demo.",
    ],
    ["no kind", { yaml: "backends: { a: {} }" }, "a.yaml: backends.a.kind: must be one of kserve, demo."],
    ["no mapping", { yaml: "backends: { a: x }" }, "a.yaml: backends.a: must be a mapping with a kind."],
    [
      "a driver's own key",
      { yaml: "backends: { a: { kind: kserve, endpiont: 'x:1' } }" },
      "2 problems in the configuration:\n" +
        "  a.yaml: backends.a.endpoint: is missing; it must be a text.\n" +
        "  a.yaml: backends.a.endpiont: unknown key; did you mean endpoint?",
    ],
    [
      "a backend's name",
      { yaml: "backends: { 'a b': { kind: demo } }" },
      'a.yaml: backends["a b"]: the name must be letters, digits, dots, dashes and underscores, at most 64.',
    ],
    [
      "a model's backend",
      { yaml: "backends: { gpu: { kind: demo } }\nmodels: { m/x: { backend: gpuu } }" },
      'a.yaml: models["m/x"].backend: there is no such backend; did you mean gpu?',
    ],
    [
      "an alias twice",
      {
        yaml: "backends: { a: { kind: demo } }\nmodels: { m: { backend: a, aliases: [n] }, n: { backend: a } }",
      },
      "a.yaml: models.m.aliases[0]: another model has this id already.",
    ],
    [
      "an unset variable",
      { yaml: "token_model: '${env:NOPE}'" },
      "a.yaml: token_model: the variable NOPE is not set.",
    ],
    [
      "text where a number belongs",
      { yaml: "listen: { port: '${env:WORD}' }", environment: { WORD: "x" } },
      "a.yaml: listen.port: must be an integer from 0 to 65535.",
    ],
    [
      "a quoted number",
      { yaml: "listen: { port: '80' }" },
      "a.yaml: listen.port: must be an integer from 0 to 65535.",
    ],
    [
      "several at once",
      { yaml: "listen: { prot: 1 }\nlog: { level: loud }", flags: { "--max-concurrency": ["0"] } },
      "3 problems in the configuration:\n" +
        "  a.yaml: listen.prot: unknown key; did you mean port?\n" +
        "  --max-concurrency: must be an integer from 1 to 100000.\n" +
        "  a.yaml: log.level: must be one of debug, info, warn, error.",
    ],
  ];
  for (const [name, sources, message] of mistakes) {
    test(name, () => {
      expect(refusal(sources)).toBe(message);
    });
  }

  test("a line of a key file, without the key", () => {
    const path = write("keys.txt", "good\nbad key\n");

    expect(refusal({ flags: { "--api-key-file": [path] } })).toBe(
      "keys.txt: line 2: must be a key of 1 to 512 visible ASCII characters.",
    );
  });

  test("a key file without keys", () => {
    const path = write("keys.txt", "# nothing\n");

    expect(refusal({ flags: { "--api-key-file": [path] } })).toBe("--api-key-file: keys.txt holds no key.");
  });
});

test("a driver's error is told under the flag, or the file and its path", () => {
  const fromFlag = load({ flags: { "--anyserve-endpoint": ["x"] } });
  const fromFile = load({ yaml: "backends: { gpu: { kind: kserve, endpoint: x } }" });

  expect(fromFlag.relabel(new ConfigError("backends.anyserve.endpoint must be more.")).message).toBe(
    "--anyserve-endpoint must be more.",
  );
  expect(fromFile.relabel(new ConfigError("backends.gpu.endpoint must be more.")).message).toEndWith(
    "a.yaml: backends.gpu.endpoint must be more.",
  );
});

describe("what is allowed but hardly meant is a warning", () => {
  const open =
    "Anybody who reaches 0.0.0.0 may use this server: no key is set (--api-key-file, OAI_SERVE_API_KEY).";
  const cases: readonly [string, Sources, readonly string[]][] = [
    ["an open address without keys", { flags: { "--host": ["0.0.0.0"] } }, [open]],
    ["not with a key", { flags: { "--host": ["0.0.0.0"] }, environment: { OAI_SERVE_API_KEY: "k" } }, []],
    ["not on loopback", { flags: { "--host": ["::1"] } }, []],
    [
      "a key on the command line",
      { flags: { "--api-key": ["k"] } },
      ["Process lists show the key given by --api-key; --api-key-file or OAI_SERVE_API_KEY hide it."],
    ],
    [
      "a misspelled variable",
      { environment: { OAI_SERVE_PROT: "1", OAI_SERVE_SOMETHING: "1" } },
      ["OAI_SERVE_PROT is not a variable of this program; did you mean OAI_SERVE_PORT?"],
    ],
    [
      "options for Bun",
      { environment: { BUN_OPTIONS: "--preload x" } },
      ["BUN_OPTIONS is set and changes how this program runs; unset it unless that is meant."],
    ],
  ];
  for (const [name, sources, warnings] of cases) {
    test(name, () => {
      expect(load(sources).warnings).toEqual(warnings);
    });
  }

  test.skipIf(process.platform === "win32")("a key file that everybody may read", () => {
    const path = write("open.txt", "key\n");
    const flags = { "--api-key-file": [path] };

    chmodSync(path, 0o644);
    expect(load({ flags }).warnings).toEqual([`Every user of this machine may read the keys in ${path}.`]);
    chmodSync(path, 0o600);
    expect(load({ flags }).warnings).toEqual([]);
  });
});
