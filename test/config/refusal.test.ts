import { describe, expect, test } from "bun:test";
import { ConfigError } from "../../src/core/error.ts";
import { useSources, type Sources } from "./sources.ts";

const { load, refusal, write } = useSources();

describe("a mistake is refused under the name that the operator wrote", () => {
  const duration = "a duration from 1ms to 10m, such as 500ms, 5s or 10m";
  const id = "an id of 1 to 256 characters without spaces";
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
      "a duration that the file counts in milliseconds",
      { flags: { "--demo-delay": ["20s"] } },
      "--demo-delay: must be a duration from 0ms to 10s, such as 500ms or 5s.",
    ],
    [
      "the same from a variable",
      { environment: { OAI_SERVE_DEMO_DELAY: "soon" } },
      "OAI_SERVE_DEMO_DELAY: must be a duration from 0ms to 10s, such as 500ms or 5s.",
    ],
    [
      "the same from the file",
      { yaml: "backends: { a: { kind: demo, delay_ms: 20000 } }" },
      "a.yaml:1:30: backends.a.delay_ms: must be an integer from 0 to 10000.",
    ],
    [
      "the wait for a client",
      { flags: { "--client-timeout": ["0s"] } },
      "--client-timeout: must be a duration from 1s to 1h, such as 5s, 10m or 1h.",
    ],
    ["a public id", { flags: { "--model": ["a b"] } }, `--model: must be ${id}.`],
    [
      "a public id of a variable",
      { environment: { OPENAI_COMPAT_MODEL_NAME: "a b" } },
      `OPENAI_COMPAT_MODEL_NAME: must be ${id}.`,
    ],
    ["a default model", { flags: { "--default-model": ["a\tb"] } }, `--default-model: must be ${id}.`],
    [
      "an alias",
      { yaml: "backends: { a: { kind: demo } }\nmodels: { m: { backend: a, aliases: ['a b'] } }" },
      `a.yaml:2:38: models.m.aliases[0]: must be ${id}.`,
    ],
    [
      "a model's name",
      { yaml: "backends: { a: { kind: demo } }\nmodels: { 'a b': { backend: a } }" },
      'a.yaml:2:11: models["a b"]: the name must be 1 to 256 characters without spaces.',
    ],
    [
      "a size",
      { flags: { "--max-body": ["1"] } },
      "--max-body: must be a size from 1KiB to 1GiB, such as 32MiB or 10MB.",
    ],
    ["a choice", { flags: { "--log-format": ["xml"] } }, "--log-format: must be one of pretty, json."],
    [
      "a missing backend",
      { flags: { "--chat-template": ["plain"] } },
      "--chat-template: needs --kserve-endpoint or --anyserve-endpoint.",
    ],
    [
      "a backend of another kind",
      { flags: { "--anyserve-endpoint": ["a:1"], "--dialect": ["vllm"] } },
      "--dialect: needs --kserve-endpoint.",
    ],
    [
      "a dialect",
      { flags: { "--kserve-endpoint": ["a:1"], "--dialect": ["vlm"] } },
      "--dialect: must be one of auto, anyserve, vllm, trtllm, llmapi, dynamo, mlserver, ovms, generic.",
    ],
    [
      "a switch of the environment",
      { environment: { OAI_SERVE_STRICT: "maybe" } },
      "OAI_SERVE_STRICT: must be true or false.",
    ],
    [
      "a number of repairs",
      { flags: { "--max-repairs": ["11"] } },
      "--max-repairs: must be an integer from 0 to 10.",
    ],
    [
      "a setting of another kind of backend",
      { yaml: "backends: { a: { kind: demo } }\nmodels: { m: { backend: a, template: chatml } }" },
      "a.yaml:2:28: models.m.template: is no setting of a backend of kind demo.",
    ],
    [
      "a setting of no backend",
      { yaml: "backends: { a: { kind: demo } }\nmodels: { m: { backend: a, tempalte: chatml } }" },
      "a.yaml:2:28: models.m.tempalte: unknown key; did you mean template?",
    ],
    [
      "a default",
      { yaml: "backends: { a: { kind: demo, defaults: { temperature: 3 } } }" },
      "a.yaml:1:42: backends.a.defaults.temperature: must be a number from 0 to 2.",
    ],
    [
      "a default of a model",
      { yaml: "backends: { a: { kind: demo } }\nmodels: { m: { backend: a, defaults: { temprature: 1 } } }" },
      "a.yaml:2:40: models.m.defaults.temprature: unknown key; did you mean temperature?",
    ],
    [
      "one of several forms",
      { yaml: "backends: { a: { kind: demo, overrides: { stop: 5 } } }" },
      "a.yaml:1:43: backends.a.overrides.stop: must be a text from 1 to 1024 characters or a list of at most 16.",
    ],
    [
      "an element of one of several forms",
      { yaml: "backends: { a: { kind: demo, overrides: { stop: [x, 5] } } }" },
      "a.yaml:1:53: backends.a.overrides.stop[1]: must be a text from 1 to 1024 characters.",
    ],
    [
      "a key of one of several forms",
      { yaml: "backends: { a: { kind: kserve, endpoint: 'a:1', tls: { ca_fiel: x } } }" },
      "a.yaml:1:56: backends.a.tls.ca_fiel: unknown key; did you mean ca_file?",
    ],
    [
      "a word of a fixed few",
      { yaml: "backends: { a: { kind: demo, defaults: { reasoning_effort: much } } }" },
      "a.yaml:1:42: backends.a.defaults.reasoning_effort: must be one of none, minimal, low, medium, high, xhigh, max.",
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
    ["an environment file", { env: "A=1\nwhat" }, ".env: line 2: must have the form NAME=value."],
    [
      "a key in the file",
      { yaml: "listen: { prot: 1 }" },
      "a.yaml:1:11: listen.prot: unknown key; did you mean port?",
    ],
    [
      "a key far from all",
      { yaml: "listen: { colour: 1 }" },
      "a.yaml:1:11: listen.colour: unknown key; known are host, port, max_body, max_file.",
    ],
    ["a section", { yaml: "listen: 5" }, "a.yaml:1:1: listen: must be a mapping."],
    ["a list", { yaml: "auth: { keys: secret }" }, "a.yaml:1:9: auth.keys: must be a list of at most 10000."],
    [
      "an element",
      { yaml: "auth: { keys: [good, 5] }" },
      "a.yaml:1:22: auth.keys[1]: must be a key of 1 to 512 visible ASCII characters.",
    ],
    [
      "a kind",
      { yaml: "backends: { a: { kind: nope } }" },
      "a.yaml:1:18: backends.a.kind: must be one of kserve, openai, demo.",
    ],
    [
      "no kind",
      { yaml: "backends: { a: {} }" },
      "a.yaml:1:13: backends.a.kind: must be one of kserve, openai, demo.",
    ],
    ["no mapping", { yaml: "backends: { a: x }" }, "a.yaml:1:13: backends.a: must be a mapping with a kind."],
    [
      "an empty backend",
      { yaml: "backends: { a: null }" },
      "a.yaml:1:13: backends.a: must be a mapping with a kind.",
    ],
    [
      "an empty model",
      { yaml: "backends: { a: { kind: demo } }\nmodels: { m: }" },
      "a.yaml:2:11: models.m: must be a mapping.",
    ],
    [
      "an unknown key without a value",
      { yaml: "listen: { prot: }" },
      "a.yaml:1:11: listen.prot: unknown key; did you mean port?",
    ],
    [
      "a key that is there twice",
      { yaml: "listen:\n  port: 1\n  host: a\n  port: 2\n" },
      "a.yaml:2:3: listen.port: is given again in line 4.",
    ],
    [
      "a value that a flag overrides",
      { yaml: "listen: { port: abc }", flags: { "--port": ["80"] } },
      "a.yaml:1:11: listen.port: must be an integer from 0 to 65535.",
    ],
    [
      "an unset variable that a flag overrides",
      { yaml: "token_model: '${env:NOPE}'", flags: { "--token-model": ["gpt-4o"] } },
      "a.yaml:1:1: token_model: the variable NOPE is not set.",
    ],
    [
      "a driver's own key",
      { yaml: "backends: { a: { kind: kserve, endpiont: 'x:1' } }" },
      "2 problems in the configuration:\n" +
        "  a.yaml:1:13: backends.a.endpoint: is missing; it must be a text.\n" +
        "  a.yaml:1:32: backends.a.endpiont: unknown key; did you mean endpoint?",
    ],
    [
      "a backend's name",
      { yaml: "backends: { 'a b': { kind: demo } }" },
      'a.yaml:1:13: backends["a b"]: the name must be letters, digits, dots, dashes and underscores, at most 64.',
    ],
    [
      "a model's backend",
      { yaml: "backends: { gpu: { kind: demo } }\nmodels: { m/x: { backend: gpuu } }" },
      'a.yaml:2:18: models["m/x"].backend: there is no such backend; did you mean gpu?',
    ],
    [
      "an alias twice",
      {
        yaml: "backends: { a: { kind: demo } }\nmodels: { m: { backend: a, aliases: [n] }, n: { backend: a } }",
      },
      "a.yaml:2:38: models.m.aliases[0]: another model has this id already.",
    ],
    [
      "an unset variable",
      { yaml: "token_model: '${env:NOPE}'" },
      "a.yaml:1:1: token_model: the variable NOPE is not set.",
    ],
    [
      "text where a number belongs",
      { yaml: "listen: { port: '${env:WORD}' }", environment: { WORD: "x" } },
      "a.yaml:1:11: listen.port: must be an integer from 0 to 65535.",
    ],
    [
      "a quoted number",
      { yaml: "listen: { port: '80' }" },
      "a.yaml:1:11: listen.port: must be an integer from 0 to 65535.",
    ],
    [
      "several at once",
      { yaml: "listen: { prot: 1 }\nlog: { level: loud }", flags: { "--max-concurrency": ["0"] } },
      "3 problems in the configuration:\n" +
        "  a.yaml:1:11: listen.prot: unknown key; did you mean port?\n" +
        "  --max-concurrency: must be an integer from 1 to 100000.\n" +
        "  a.yaml:2:8: log.level: must be one of debug, info, warn, error.",
    ],
    [
      "all at once",
      {
        yaml:
          "token_model: a\ntoken_model: b\nlisten: { port: abc, host: '${env:NOPE}' }\nlog: { level: loud }\n" +
          "backends: { a: { kind: demo }, b: }\nmodels: { m: { backend: c } }",
        flags: { "--port": ["x"] },
      },
      "7 problems in the configuration:\n" +
        "  a.yaml:1:1: token_model: is given again in line 2.\n" +
        "  a.yaml:3:22: listen.host: the variable NOPE is not set.\n" +
        "  --port: must be an integer from 0 to 65535.\n" +
        "  a.yaml:4:8: log.level: must be one of debug, info, warn, error.\n" +
        "  a.yaml:5:32: backends.b: must be a mapping with a kind.\n" +
        "  a.yaml:6:16: models.m.backend: there is no such backend; known are a, b.\n" +
        "  a.yaml:3:11: listen.port: must be an integer from 0 to 65535.",
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

test("a driver's error is told under the flag, or its place in the file", () => {
  const fromFlag = load({ flags: { "--anyserve-endpoint": ["x"] } });
  const fromFile = load({ yaml: "backends: { gpu: { kind: kserve, endpoint: x } }" });
  const template = load({ flags: { "--kserve-endpoint": ["a:1"], "--chat-template": ["x.jinja"] } });

  expect(fromFlag.relabel(new ConfigError("backends.anyserve.endpoint must be more.")).message).toBe(
    "--anyserve-endpoint: must be more.",
  );
  expect(fromFile.relabel(new ConfigError("backends.gpu.endpoint: must be more.")).message).toEndWith(
    "a.yaml:1:34: backends.gpu.endpoint: must be more.",
  );
  expect(
    template.relabel(new ConfigError("backends.kserve.template.file: x.jinja is not there.")).message,
  ).toBe("--chat-template: x.jinja is not there.");
  expect(fromFile.relabel(new ConfigError("models.org/a:8b.template: no.")).message).toEndWith(
    'a.yaml: models["org/a:8b"].template: no.',
  );
  expect(fromFile.relabel(new ConfigError("/agents/a.ts:1:2: no.")).message).toBe("/agents/a.ts:1:2: no.");
});
