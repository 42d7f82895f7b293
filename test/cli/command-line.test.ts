import { describe, expect, test } from "bun:test";
import { readCommandLine } from "../../src/cli/command-line.ts";
import { environmentNames, flagName, settings } from "../../src/config/settings.ts";

describe("what is asked for", () => {
  const lines: readonly [string, ReturnType<typeof readCommandLine>][] = [
    ["", { command: "serve", flags: {} }],
    ["serve", { command: "serve", flags: {} }],
    ["--port 80", { command: "serve", flags: { "--port": ["80"] } }],
    ["--port=80 serve", { command: "serve", flags: { "--port": ["80"] } }],
    ["check --port 80", { command: "check", flags: { "--port": ["80"] } }],
    ["--port 80 check", { command: "check", flags: { "--port": ["80"] } }],
    ["schema", { command: "schema", flags: {} }],
    ["--cors-origin a --cors-origin b", { command: "serve", flags: { "--cors-origin": ["a", "b"] } }],
    ["--strict check", { command: "check", flags: { "--strict": ["true"] } }],
    ["--tls --tls-ca a.pem", { command: "serve", flags: { "--tls": ["true"], "--tls-ca": ["a.pem"] } }],
    [
      "--kserve-endpoint a:1 --kserve-endpoint b:2",
      { command: "serve", flags: { "--kserve-endpoint": ["a:1", "b:2"] } },
    ],
    ["-c a.yaml", { command: "serve", flags: { "--config": ["a.yaml"] } }],
    ["agent-worker", { command: "agent-worker", flags: {} }],
    ["types", { command: "types", flags: {} }],
    ["agents --config a.yaml", { command: "agents", flags: { "--config": ["a.yaml"] } }],
    ["plugins", { command: "agents", flags: {} }],
    ["--agent a.ts --agent b", { command: "serve", flags: { "--agent": ["a.ts", "b"] } }],
    ["run agent researcher", { command: "run", agent: "researcher", flags: {} }],
    ["run agent researcher --openai-mode", { command: "run", agent: "researcher", flags: {} }],
    [
      "run agent researcher --openai-mode --host 127.0.0.1 --port 3000 -c my.yaml",
      {
        command: "run",
        agent: "researcher",
        flags: { "--host": ["127.0.0.1"], "--port": ["3000"], "--config": ["my.yaml"] },
      },
    ],
    [
      "conversations show conv_1 --store memory:",
      { command: "conversations", words: ["show", "conv_1"], flags: { "--store": ["memory:"] } },
    ],
    ["probe triton:8001", { command: "probe", endpoint: "triton:8001", flags: {} }],
    [
      "probe --model llama --tls triton:8001 --tls-ca a.pem",
      {
        command: "probe",
        endpoint: "triton:8001",
        flags: { "--model": ["llama"], "--tls": ["true"], "--tls-ca": ["a.pem"] },
      },
    ],
    ["--version", { command: "print", text: "1.2.3\n" }],
    ["-V", { command: "print", text: "1.2.3\n" }],
  ];
  for (const [line, expected] of lines) {
    test(`"${line}"`, () => {
      expect(readCommandLine(line.split(" ").filter(Boolean), "1.2.3")).toEqual(expected);
    });
  }
});

const commands = "serve, run, agents, check, probe, conversations, schema, types";

describe("a mistake is one sentence that names what is near", () => {
  const lines: readonly [string, string][] = [
    ["--prot 80", "unknown flag --prot; did you mean --port?"],
    ["check --cofnig x", "unknown flag --cofnig; did you mean --config?"],
    ["--what", "unknown flag --what; oai-serve --help lists all."],
    ["-x", "unknown flag -x; oai-serve --help lists all."],
    ["--port", "--port: needs a value."],
    ["--port --host x", "--port: needs a value."],
    ["--port=", "--port: needs a value."],
    ["chekc", "unexpected argument 'chekc'; did you mean check?"],
    ["run", "run needs the word agent and the name of one: oai-serve run agent researcher."],
    ["run agent", "run needs the word agent and the name of one: oai-serve run agent researcher."],
    ["run researcher", "run needs the word agent and the name of one: oai-serve run agent researcher."],
    ["run agent a b", `unexpected argument 'b'; the commands are ${commands}.`],
    ["--openai-mode", "unknown flag --openai-mode; oai-serve --help lists all."],
    ["serve twice", `unexpected argument 'twice'; the commands are ${commands}.`],
    ["prob localhost:1", "unexpected argument 'prob'; did you mean probe?"],
    ["probe", "probe needs the address of a model server, such as localhost:8001."],
    ["probe a:1 b:2", `unexpected argument 'b:2'; the commands are ${commands}.`],
    ["probe a:1 --modle x", "unknown flag --modle; did you mean --model?"],
    ["--strict=yes", "--strict: takes no value."],
  ];
  for (const [line, message] of lines) {
    test(`"${line}"`, () => {
      expect(() => readCommandLine(line.split(" "), "1.2.3")).toThrow(message);
    });
  }
});

for (const line of ["--help", "-h", "serve --help", "check --help", "probe --help", "run --help"]) {
  test(`"${line}" names every flag and variable`, () => {
    const answer = readCommandLine(line.split(" "), "1.2.3");
    const text = answer.command === "print" ? answer.text.replaceAll(/\s+/g, " ") : "";

    for (const setting of settings) {
      expect(text).toContain(flagName(setting));
      for (const name of environmentNames(setting)) expect(text).toContain(name);
    }
  });
}
